import { lengthOf } from "../graph/graph.ts";
import type { OnnxProgram, OpenProgram } from "./runtime.ts";

/** What takes so many pictures at a time, as one that takes any number: black ones fill it up. */
export function inBatches(
  opened: OpenProgram,
  {
    batch,
    inputShape,
    rowLength,
  }: Pick<OnnxProgram, "inputShape" | "rowLength"> & { readonly batch: number },
): OpenProgram {
  const picture = lengthOf(inputShape);
  return {
    ...opened,
    async run(pixels, count, into) {
      for (let at = 0; at < count; at += batch) {
        const some = Math.min(batch, count - at);
        const taken = pixels.subarray(at * picture, (at + some) * picture);
        const rows = into.subarray(at * rowLength, (at + some) * rowLength);
        if (some === batch) await opened.run(taken, batch, rows);
        else {
          const filled = new Uint8Array(batch * picture);
          filled.set(taken);
          const more = new Float32Array(batch * rowLength);
          await opened.run(filled, batch, more);
          rows.set(more.subarray(0, some * rowLength));
        }
      }
    },
  };
}
