import fc from "fast-check";
import { expect, test } from "vitest";
import { heldRows } from "../../steps/train/held-rows.ts";
import type { Rows } from "../../steps/train/method.ts";

/** Rows that say where they are from, and how often they were asked for. */
function counted(rowLength: number): Rows & { readonly asked: number[] } {
  const asked: number[] = [];
  return {
    asked,
    rowLength,
    index: [],
    async read(positions, into) {
      for (const [at, position] of positions.entries()) {
        asked.push(position);
        for (let j = 0; j < rowLength; j++) into[at * rowLength + j] = position * 100 + j;
      }
    },
  };
}

test("whatever is held, what is read are the rows", async () => {
  const requests = fc.array(fc.uniqueArray(fc.nat(20), { minLength: 1 }), { minLength: 1, maxLength: 12 });
  await fc.assert(
    fc.asyncProperty(fc.integer({ min: 1, max: 5 }), fc.nat(25), requests, async (rowLength, held, asked) => {
      const rows = heldRows(counted(rowLength), held * rowLength * 4);
      for (const positions of asked) {
        const into = new Float32Array(positions.length * rowLength);
        await rows.read(positions, into);
        const expected = positions.flatMap((position) =>
          Array.from({ length: rowLength }, (_, j) => position * 100 + j),
        );
        expect([...into]).toEqual(expected);
      }
    }),
  );
});

test("rows that are held are read once, others every time", async () => {
  const disk = counted(3);
  const rows = heldRows(disk, 4 * 3 * 4);
  for (let epoch = 0; epoch < 3; epoch++) {
    for (const positions of [
      [0, 1],
      [2, 3],
      [4, 5],
    ]) {
      await rows.read(positions, new Float32Array(6));
    }
  }
  expect(disk.asked).toEqual([0, 1, 2, 3, 4, 5, 4, 5, 4, 5]);
});
