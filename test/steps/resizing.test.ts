import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { readPixels } from "../../steps/vision/pixels/pixels.ts";
import { type Filter, type Fit, filters } from "../../steps/vision/preprocessing.ts";

// From bench/golden/resizing.py.
const golden = new URL("../golden/resizing/", import.meta.url).pathname;
type Case = [
  file: string,
  height: number,
  width: number,
  resize: Filter,
  fit: Fit,
  orient: boolean,
  flip: boolean,
  sha256: string,
];
const cases = JSON.parse(readFileSync(join(golden, "expected.json"), "utf8")) as Case[];

test.each(filters)(
  "%s is bit for bit what Pillow makes of it, in every fit and orientation, mirrored too",
  async (filter) => {
    const wrong: string[] = [];
    for (const [file, height, width, resize, fit, orient, flip, sha256] of cases) {
      if (resize !== filter) continue;
      // What was there before must not shine through.
      const pixels = new Uint8Array(height * width * 3).fill(77);
      const view = flip ? { view: { kind: "flip" } as const } : {};
      await readPixels(join(golden, file), { size: [height, width], resize, fit, orient, ...view }, pixels);
      const digest = createHash("sha256").update(pixels).digest("hex").slice(0, sha256.length);
      if (digest !== sha256) wrong.push(`${file} ${height}×${width} ${fit} ${orient} ${flip}`);
    }
    expect(wrong).toEqual([]);
    expect(cases.filter(([, , , resize]) => resize === filter).length).toBeGreaterThan(50);
  },
);

test("of a picture of which padding would leave nothing, a row is left", async () => {
  for (const resize of filters) {
    const pixels = new Uint8Array(300 * 2 * 3);
    // 1 × 29 pixels; of 2 × 300 that is a fifteenth of a row.
    await readPixels(join(golden, "2.png"), { size: [300, 2], resize, fit: "pad" }, pixels);
    const filled = [...pixels].flatMap((value, at) => (value > 0 ? [Math.floor(at / 6)] : []));
    expect(new Set(filled)).toEqual(new Set([150]));
  }
});

test("a picture of too many pixels is refused by its header, and the message says how many it has", async () => {
  const file = join(golden, "7.webp");
  const size = [8, 8] as const;
  const pixels = new Uint8Array(8 * 8 * 3);
  await readPixels(file, { size, maxPixels: 33 * 33 }, pixels);
  await expect(readPixels(file, { size, maxPixels: 33 * 33 - 1 }, pixels)).rejects.toMatchObject({
    name: "StepError",
    message: `${file}: it has 33 × 33 pixels, more than the 1088 that are allowed (input.maxPixels raises that)`,
  });
});
