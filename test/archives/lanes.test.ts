import { expect, test } from "vitest";
import { lanes } from "../../steps/archives/lanes.ts";

test("so much is done side by side, and no more", async () => {
  const { begin, end } = lanes(3);
  const finish: (() => void)[] = [];
  let most = 0;
  let underWay = 0;
  const beginning = (async () => {
    for (let at = 0; at < 10; at++)
      await begin(async () => {
        most = Math.max(most, ++underWay);
        await new Promise<void>((resolve) => finish.push(resolve));
        underWay--;
      });
  })();
  for (let at = 0; at < 10; at++) {
    while (finish.length === 0) await new Promise(setImmediate);
    finish.shift()?.();
  }
  await beginning;
  await end();
  expect(most).toBe(3);
  expect(underWay).toBe(0);
});

test("after a failure nothing is begun, and it is told", async () => {
  const { begin, end } = lanes(2);
  const failure = new Error("full");
  await begin(() => Promise.reject(failure));
  await new Promise(setImmediate);
  let isBegun = false;
  const next = begin(async () => {
    isBegun = true;
  });
  await expect(next).rejects.toBe(failure);
  await expect(end()).rejects.toBe(failure);
  expect(isBegun).toBe(false);
});
