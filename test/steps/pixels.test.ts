import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { imageSize, readPixels } from "../../steps/vision/pixels/pixels.ts";

// From bench/golden/pixels.py.
const golden = new URL("../golden/pixels/", import.meta.url).pathname;
const { size, rgb } = JSON.parse(readFileSync(join(golden, "expected.json"), "utf8")) as {
  size: [number, number];
  rgb: Record<string, string>;
};

test.each(Object.keys(rgb))("%s is bit for bit what Keras' load_img reads", async (name) => {
  const pixels = new Uint8Array(size[0] * size[1] * 3);
  await readPixels(join(golden, name), size, pixels);
  expect(Buffer.from(pixels).toString("hex")).toBe(rgb[name]);
});

test("the size is the stored one, whatever EXIF says", async () => {
  expect(await imageSize(join(golden, "exif-rotated.jpg"))).toEqual({ width: 112, height: 72 });
});

test("an image that cannot be read is named, with the reason on one line", async () => {
  const folder = mkdtempSync(join(tmpdir(), "flow-pixels-"));
  try {
    const whole = readFileSync(join(golden, "rgb.jpg"));
    const cut = join(folder, "cut.jpg");
    writeFileSync(cut, whole.subarray(0, whole.length / 2));
    const text = join(folder, "text.jpg");
    writeFileSync(text, "this is no picture");
    const pixels = new Uint8Array(size[0] * size[1] * 3);
    for (const file of [cut, text, join(folder, "missing.jpg")]) {
      const failure = await readPixels(file, size, pixels).catch((error: Error) => error);
      expect(failure).toBeInstanceOf(Error);
      expect((failure as Error).name).toBe("StepError");
      expect((failure as Error).message).toMatch(new RegExp(`^${file}: [^\\n]+$`));
    }
  } finally {
    rmSync(folder, { recursive: true });
  }
});
