import { expect, test } from "vitest";
import { input, layer, oneByOne, summing, valuesAt, writeModel } from "./model-files.ts";

function larger(version: string): string {
  return writeModel({
    layers: [
      input("picture"),
      layer("Conv2D", "sum", "picture", oneByOne),
      layer("UpSampling2D", "more", "sum", { size: [1, 2], interpolation: "bilinear" }),
    ],
    weights: summing("sum"),
    version,
  });
}

// The first pixel is 6, the one to its right 0.
test.each([
  ["Keras interpolates between centres of pixels", "2.15.0", [6, 4.5, 1.5, 0]],
  ["TensorFlow.js between their corners", "tfjs-layers 4.22.0", [6, 3, 0, 0]],
])("%s", async (_, version, expected) => {
  expect((await valuesAt(larger(version), "more")).slice(0, 4)).toEqual(expected);
});
