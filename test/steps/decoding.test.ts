import { readdirSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { areDecodedAnew } from "../../steps/vision/pixels/decoding.ts";

const golden = new URL("../golden/pixels/", import.meta.url).pathname;

test("rows of pictures that are read otherwise than before are kept apart, all others stay", async () => {
  const anew: string[] = [];
  for (const name of readdirSync(golden).filter((name) => /\.(jpg|png|webp)$/.test(name))) {
    if (await areDecodedAnew([join(golden, name)])) anew.push(name);
  }
  expect(anew).toEqual([
    "cmyk-unmarked.jpg",
    "cmyk.jpg",
    "grey-16-transparent.png",
    "grey-16.png",
    "ycck.jpg",
  ]);
  const others = ["rgb.jpg", "palette.png", "missing.jpg"].map((name) => join(golden, name));
  expect(await areDecodedAnew(others)).toBe(false);
  expect(await areDecodedAnew([...others, join(golden, "plain.gif")])).toBe(true);
  expect(await areDecodedAnew([...others, join(golden, "orientation-6.tif")])).toBe(true);
});
