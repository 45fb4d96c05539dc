import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { imageSize, readPixels } from "../../steps/vision/pixels/pixels.ts";

// From bench/golden/pixels.py.
const golden = new URL("../golden/pixels/", import.meta.url).pathname;
const { size, rgb, refused } = JSON.parse(readFileSync(join(golden, "expected.json"), "utf8")) as {
  size: [number, number];
  rgb: Record<string, string>;
  refused: string[];
};
const pixels = new Uint8Array(size[0] * size[1] * 3);

test.each(Object.keys(rgb))("%s is bit for bit what Keras' load_img reads", async (name) => {
  await readPixels(join(golden, name), { size }, pixels);
  expect(Buffer.from(pixels).toString("hex")).toBe(rgb[name]);
});

test.each(refused)("%s is refused, also where only its size is asked for", async (name) => {
  const file = join(golden, name);
  for (const failure of [
    await failureOf(readPixels(file, { size }, pixels)),
    await failureOf(imageSize(file)),
  ]) {
    expect(failure.name).toBe("StepError");
    expect(failure.message).toMatch(
      /: (by its content it is a file of kind \w+ \(.* are read\)|.* is not read: save it as [^\n]+)$/,
    );
  }
});

test("the size is the stored one, whatever EXIF says", async () => {
  expect(await imageSize(join(golden, "exif-rotated.jpg"))).toEqual({ width: 112, height: 72 });
  expect(await imageSize(join(golden, "orientation-6.tif"))).toEqual({ width: 45, height: 37 });
});

test("an image that cannot be read is named, with the reason on one line", async () => {
  const folder = mkdtempSync(join(tmpdir(), "flow-pixels-"));
  try {
    const write = (name: string, content: string | Uint8Array): string => {
      writeFileSync(join(folder, name), content);
      return join(folder, name);
    };
    const half = (name: string): Uint8Array => {
      const whole = readFileSync(join(golden, name));
      return whole.subarray(0, whole.length / 2);
    };
    const reasons = {
      [write("cut.jpg", half("rgb.jpg"))]: /./,
      [write("cut.gif", half("plain.gif"))]: /it is damaged or cut short/,
      [write("header.gif", readFileSync(join(golden, "plain.gif")).subarray(0, 12))]: /damaged or cut short/,
      [write("cut.tif", half("cmyk.tif"))]: /./,
      [write("header.tif", "II*\0\xff\xff")]: /it is damaged or cut short/,
      [write("text.jpg", "this is no picture")]:
        /it is no picture \(JPEG, PNG, WebP, GIF and TIFF are read\)/,
      [write("empty.jpg", "")]: /it is empty/,
      [join(folder, "missing.jpg")]: /it is missing/,
    };
    for (const [file, reason] of Object.entries(reasons)) {
      const failure = await failureOf(readPixels(file, { size }, pixels));
      expect(failure.name).toBe("StepError");
      expect(failure.message).toMatch(new RegExp(`^${file}: [^\\n]+$`));
      expect(failure.message).toMatch(reason);
    }
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test("that a file may not be opened is no fault of the picture", async () => {
  const failure = await failureOf(readPixels(golden, { size }, pixels));
  expect(failure).toMatchObject({ code: "EISDIR" });
});

async function failureOf(reading: Promise<unknown>): Promise<Error> {
  return reading.then(
    () => new Error("it was read"),
    (error: Error) => error,
  );
}
