import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { concurrently } from "../../engine/concurrently.ts";
import { cores } from "../../engine/cores.ts";
import { randomStream } from "../compute/random.ts";
import { writeJpeg } from "../vision/pixels/pixels.ts";
import type { GenerateContext } from "./declaration.ts";
import { draw } from "./draw.ts";

/** Writes `<split>/<class>_<number>.jpg`, laid out as in Food-5K. */
export async function run(ctx: GenerateContext): Promise<void> {
  const { splits, size, seed } = ctx.params;
  const folder = ctx.output("images");
  const pictures: { readonly name: string; readonly label: 0 | 1 }[] = [];
  for (const [split, count] of Object.entries(splits)) {
    await mkdir(join(folder, split));
    for (let at = 0; at < count; at++) {
      const label = (at % 2) as 0 | 1;
      pictures.push({ name: `${split}/${label}_${Math.floor(at / 2)}.jpg`, label });
    }
  }
  let done = 0;
  await concurrently(pictures, cores(), async ({ name, label }) => {
    ctx.signal.throwIfAborted();
    // A stream of its own, so that a picture does not depend on how many there are.
    await writeJpeg(join(folder, name), draw(label, size, randomStream(seed, name)), size, size);
    ctx.progress({ done: ++done, total: pictures.length, unit: "images" });
  });
  ctx.metric({ images: pictures.length });
}
