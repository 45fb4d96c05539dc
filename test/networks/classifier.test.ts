import { expect, test } from "vitest";
import type { JsonObject } from "../../engine/json.ts";
import { openNetwork } from "../../steps/vision/networks/open.ts";
import { functional, input, layer, writeModel } from "./model-files.ts";

const dense = { units: 2 };
const conv = (name: string, from: string): JsonObject =>
  layer("Conv2D", name, from, { filters: 2, kernel_size: [1, 1] });

test.each<[string, readonly JsonObject[], string]>([
  ["no classifier", [conv("conv", "in"), layer("ReLU", "relu", "conv")], "relu"],
  [
    "a dense layer",
    [conv("conv", "in"), layer("GlobalAveragePooling2D", "gap", "conv"), layer("Dense", "top", "gap", dense)],
    "gap",
  ],
  [
    "flattened values",
    [
      conv("conv", "in"),
      layer("Activation", "relu", "conv", { activation: "relu" }),
      layer("Flatten", "flat", "relu"),
      layer("Dropout", "drop", "flat"),
      layer("Dense", "top", "drop", dense),
    ],
    "relu",
  ],
  [
    "dense, normalization, ReLU, dense",
    [
      layer("GlobalAveragePooling2D", "gap", "in"),
      layer("Dense", "hidden", "gap", dense),
      layer("BatchNormalization", "norm", "hidden"),
      layer("ReLU", "relu", "norm"),
      layer("Dropout", "drop", "relu"),
      layer("Dense", "top", "drop", dense),
      layer("Softmax", "classes", "top"),
    ],
    "gap",
  ],
  [
    "a convolution of one pixel, as MobileNet has it",
    [
      conv("conv", "in"),
      layer("GlobalAveragePooling2D", "gap", "conv", { keepdims: true }),
      layer("Dropout", "drop", "gap"),
      conv("preds", "drop"),
      layer("Reshape", "flat", "preds", { target_shape: [2] }),
      layer("Activation", "classes", "flat", { activation: "softmax" }),
    ],
    "gap",
  ],
  [
    "two convolutions of one pixel after a reshape",
    [
      layer("GlobalMaxPooling2D", "gap", "in"),
      layer("Reshape", "pixel", "gap", { target_shape: [1, 1, 3] }),
      conv("hidden", "pixel"),
      layer("Activation", "act", "hidden", { activation: "relu" }),
      conv("top", "act"),
      layer("Flatten", "classes", "top"),
    ],
    "pixel",
  ],
  ["convolutions of 1 × 1 over an image", [conv("one", "in"), conv("two", "one")], "two"],
  [
    "a dense layer that two branches meet after",
    [
      layer("Dense", "left", "in", dense),
      layer("Dense", "right", "in", dense),
      layer("Add", "both", ["left", "right"]),
    ],
    "both",
  ],
])("after %s the default layer is the last before the classifier", async (_, layers, expected) => {
  const path = writeModel({ layers: [input("in"), ...layers] });
  expect((await openNetwork({ path, weights: { kind: "own" } })).layer).toBe(expected);
});

test("of a model within a model it is called by its own name, or by the path where that is not enough", async () => {
  const base = functional("base", [
    input("base_in"),
    layer("ReLU", "relu", "base_in"),
    layer("Softmax", "out", "relu"),
  ]);
  const inner = { ...base, name: "base", inbound_nodes: [[["in", 0, 0, {}]]] };
  const head = layer("Dense", "top", "base", dense);
  const simple = writeModel({ layers: [input("in"), inner, head] });
  expect((await openNetwork({ path: simple, weights: { kind: "own" } })).layer).toBe("out");
  const twice = { ...layer("Softmax", "out", "in"), name: "out" };
  const ambiguous = writeModel({ layers: [input("in"), twice, inner, head] });
  expect((await openNetwork({ path: ambiguous, weights: { kind: "own" } })).layer).toBe("base/out");
});
