import { execFileSync } from "node:child_process";
import { expect } from "vitest";
import { concurrently } from "../../engine/concurrently.ts";
import { childrenOf } from "../cli/flow.ts";
import { picturesOf, post, postForm, type Served, smallModel, startServer } from "./serving.ts";

/** Bytes of memory that a server and its processes take now. */
function memoryOf({ child }: Served): number {
  const pids = [child.pid as number, ...childrenOf(child.pid as number)];
  const text = execFileSync("ps", ["-o", "rss=", "-p", pids.join(",")], { encoding: "utf8" });
  return text
    .trim()
    .split("\n")
    .reduce((sum, kilobytes) => sum + 1024 * Number(kilobytes), 0);
}

/**
 * Sends requests, eight at a time, each with another picture and some with several
 * or with none, and expects memory to stay what it was after the first third.
 */
export async function expectFlat(requests: number): Promise<void> {
  const place = await smallModel();
  const served = await startServer(place);
  const pictures = picturesOf(place);
  let sent = 0;
  const send = async (count: number): Promise<number> => {
    let highest = 0;
    await concurrently(new Array<void>(count).fill(), 8, async () => {
      const at = sent++;
      const picture = pictures[at % pictures.length]?.bytes as Buffer;
      // Behind its end, so that none is like another; some are large.
      const bytes = Buffer.concat([picture, Buffer.alloc(at % 50 === 0 ? 5_000_000 : 10_000, at)]);
      const { status } =
        at % 10 === 0
          ? await postForm(served, [
              { name: "a", bytes },
              { name: "b", bytes: Buffer.from(`none ${at}`) },
            ])
          : await post(served, at % 10 === 5 ? Buffer.alloc(1000, at) : bytes);
      expect(status).toBe(at % 10 === 5 ? 422 : 200);
      if (at % 20 === 0) highest = Math.max(highest, memoryOf(served));
    });
    return highest;
  };
  const third = Math.ceil(requests / 3);
  const peaks = [await send(third), await send(third), await send(third)] as const;
  await served.stop();
  place.remove();
  const inWords = peaks.map((bytes) => `${Math.round(bytes / 2 ** 20)} MB`).join(", ");
  process.stdout.write(`memory of ${requests} requests, by thirds: ${inWords}\n`);
  expect(peaks[2]).toBeLessThan(1.1 * Math.max(peaks[0], peaks[1]));
}
