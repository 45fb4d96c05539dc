import { copyFileSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { defineStep } from "../../engine/define-step.ts";
import { openRowComputer } from "../../steps/extract/compute-rows.ts";
import type { ExtractContext } from "../../steps/extract/declaration.ts";
import { locateRows } from "../../steps/learning/features/locate.ts";
import type { PlannedExtractor } from "../../steps/vision/extractor.ts";
import { readPixels } from "../../steps/vision/pixels/pixels.ts";
import { newProject } from "../engine/project.ts";

const picture = new URL("../golden/pixels/rgb.jpg", import.meta.url).pathname;

/** The mean of each picture's first 4 bytes; fails in the batch that is named, as a device that is lost. */
function failingIn(batch: number): Omit<PlannedExtractor, "program"> {
  let batches = 0;
  const shape = [1];
  return {
    shape,
    rowLength: 1,
    open: async () => ({
      shape,
      rowLength: 1,
      device: "a device",
      async run(_pixels, count, into) {
        batches++;
        if (batches === batch) throw new Error("device lost");
        into.fill(1, 0, count);
      },
      close: async () => {},
    }),
  };
}

test("a device that is lost in the middle fails the step, keeps what was computed, and the next run goes on", async () => {
  let loseIn = 3;
  const type = defineStep({
    name: "extract",
    version: 1,
    storeVersion: 1,
    description: "",
    params: { type: "object", properties: {} } as const,
    inputs: { images: { description: "" } },
    outputs: ["features"],
    async run(ctx) {
      const store = ctx.store({ name: "rows" });
      const there = await locateRows(store);
      const images = ctx.inputs.images.files
        .map(({ path }) => ({
          ...({ split: "train", class: "a", label: 0 } as const),
          file: path,
          digest: path,
          path,
        }))
        .filter(({ digest }) => !there.has(digest));
      const computer = openRowComputer({
        ctx: ctx as unknown as ExtractContext,
        store,
        extractor: failingIn(loseIn),
        openReader: () => ({
          read: async ({ file }) => {
            const pixels = new Uint8Array(8 * 8 * 3);
            await readPixels(file, { size: [8, 8] }, pixels);
            return pixels;
          },
          seconds: () => ({ reading: 0, decoding: 0 }),
          close: async () => {},
        }),
        blame: async () => undefined,
        place: { path: ctx.inputs.images.path, origin: ctx.inputs.images.path },
        preprocessing: { size: [8, 8], scaling: "none" },
        batchSize: 2,
        most: images.length,
        tell() {},
      });
      try {
        await (await computer.compute(computer.read(images))).written;
      } finally {
        ctx.metric({ computed: computer.account().computed, reused: there.size });
      }
      writeFileSync(join(ctx.output("features"), "rows"), String((await locateRows(store)).size));
    },
  });
  const project = newProject([type]);
  mkdirSync(join(project.root, "pictures"));
  for (let at = 0; at < 10; at++) copyFileSync(picture, join(project.root, "pictures", `${at}.jpg`));
  const pipeline = "name: loss\nsteps:\n  s: { uses: extract, inputs: { images: ./pictures } }\n";
  const lost = await project.run(pipeline);
  expect(lost.steps.s).toMatchObject({ outcome: "failed", metrics: { computed: 4, reused: 0 } });
  loseIn = 0;
  const record = await project.run(pipeline);
  expect(record.steps.s).toMatchObject({ outcome: "ran", metrics: { computed: 6, reused: 4 } });
  expect(project.read(record, "s", "features", "rows")).toBe("10");
  rmSync(project.root, { recursive: true });
});
