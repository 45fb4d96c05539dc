import { describe, expect, test } from "vitest";
import { openNetwork } from "../../steps/vision/networks/open.ts";
import { firstNotFiniteLayer } from "../../steps/vision/not-finite.ts";
import { picture, relu, type TestModel, writeOnnx } from "./onnx-models.ts";
import { type Asked, own, refusal, row, size } from "./onnx-rows.ts";
import { subjects } from "./onnx-subjects.ts";

const floats = (...values: number[]) => Float32Array.from(values);
const input = (dims: readonly (number | string)[], more: object = {}) => ({
  inputs: [{ name: "picture", dims, ...more }],
});
const second = { name: "words", dims: ["N", 20] };
const shifted = { op: "Add", inputs: ["picture", "shift"], outputs: ["y"] };

const refused: Readonly<Record<string, readonly [TestModel, Asked, string]>> = {
  "no input": [{ inputs: [] }, {}, "takes no picture: it has no input"],
  "an input without a shape": [{ inputs: [{ name: "picture" }] }, {}, "input picture is of no said shape"],
  "three axes": [input([3, 4, 5]), {}, "its input picture is 3 × 4 × 5, and not of four axes"],
  "one channel": [input(["N", 1, 4, 5]), {}, "N × 1 × 4 × 5: neither the second axis (NCHW) nor the last"],
  "channels that are open": [input(["N", "C", "H", "W"]), {}, "make_dynamic_shape_fixed"],
  "channels at two axes": [input(["N", 3, 4, 3]), {}, "both may be its 3 channels"],
  "whole numbers": [input(["N", 3, 4, 5], { type: "int32" }), {}, "is int32: a picture is float or uint8"],
  "two pictures": [
    { inputs: [picture, { ...picture, name: "other" }] },
    {},
    "takes 2 inputs (picture, other), of which 2 of them take a picture",
  ],
  "another size": [{}, { size: [4, 6] }, "takes pictures of size [4, 5], not [4, 6]"],
  "another size where one side is open": [
    input(["N", 3, "H", 5]),
    { size: [8, 6] },
    "takes pictures of size [any, 5], not [8, 6]",
  ],
  "scaled pixels for bytes": [
    {
      ...input(["N", 3, 4, 5], { type: "uint8" }),
      nodes: [{ op: "Cast", inputs: ["picture"], outputs: ["y"], attributes: { to: { int: 1 } } }],
    },
    { scaling: "tf" },
    "the network takes whole numbers (uint8), which scaled pixels are not: use `scaling: none`",
  ],
  "a misspelt tensor": [
    {
      nodes: [
        { ...relu, outputs: ["block_1/relu"] },
        { op: "Abs", inputs: ["block_1/relu"], outputs: ["y"] },
      ],
    },
    { layer: "block1/relu" },
    'no tensor "block1/relu"; did you mean "block_1/relu"?',
  ],
  "a tensor far from all": [{}, { layer: "somewhere else" }, "its last are: y"],
  "a constant": [
    { nodes: [shifted], weights: [{ name: "shift", dims: [], data: floats(1) }] },
    { layer: "shift" },
    "the tensor shift is a constant of the network",
  ],
  "what does not come from the picture": [
    {
      nodes: [relu, { op: "Neg", inputs: ["c"], outputs: ["d"] }],
      weights: [{ name: "c", dims: [1], data: floats(1) }],
    },
    { layer: "d" },
    "the tensor d is the same for every picture",
  ],
  "what comes from another input too": [
    {
      inputs: [picture, second],
      nodes: [relu, { op: "Add", inputs: ["y", "words"], outputs: ["z"] }],
      outputs: [{ name: "z", dims: ["N", 3, 4, 20] }],
    },
    {},
    "the tensor z depends on the input words too, and a picture is all there is",
  ],
  "several outputs": [
    { nodes: [relu, { op: "Abs", inputs: ["y"], outputs: ["z"] }], outputs: [{ name: "y" }, { name: "z" }] },
    {},
    "the network has several outputs: name one of them as `layer`, y, z, or any other tensor",
  ],
  "numbers that are no features": [
    {
      nodes: [{ op: "Cast", inputs: ["picture"], outputs: ["y"], attributes: { to: { int: 7 } } }],
      outputs: [{ name: "y", type: "int64", dims: ["N", 3, 4, 5] }],
    },
    {},
    "layer y gives numbers that are int64, and features are float",
  ],
  "pooling without a picture": [
    {
      nodes: [{ op: "Flatten", inputs: ["picture"], outputs: ["y"] }],
      outputs: [{ name: "y", dims: ["N", 60] }],
    },
    { pool: "max" },
    "layer y gives no image: there is nothing to pool",
  ],
  "what is not a row for each picture": [
    {
      nodes: [
        relu,
        { op: "ReduceSum", inputs: ["y"], outputs: ["sum"], attributes: { keepdims: { int: 0 } } },
      ],
    },
    { layer: "sum" },
    "layer sum gives one number for 2 pictures, which is not a row for each",
  ],
  "an old operator set": [
    { operatorSets: { "": 6 } },
    {},
    "is in version 6 of ONNX' operators, and 7 is the oldest",
  ],
  "a new operator set": [
    { operatorSets: { "": 99 } },
    {},
    "it is in version 99 of ONNX' operators, and onnxruntime reads up to",
  ],
  "a domain without a version": [
    { nodes: [{ ...relu, domain: "com.example" }] },
    {},
    "does not say in which version it uses the operators of com.example (Relu)",
  ],
  "an operator that nobody has": [
    { nodes: [{ ...relu, op: "Frobnicate" }] },
    {},
    "onnxruntime has no operator Frobnicate in version 17",
  ],
  "an operator of a domain that nobody has": [
    {
      nodes: [{ ...relu, op: "Frobnicate", domain: "com.example" }],
      operatorSets: { "": 17, "com.example": 1 },
    },
    {},
    "onnxruntime has no operator Frobnicate of com.example",
  ],
  "an operator for other types": [
    {
      nodes: [
        { op: "Cast", inputs: ["picture"], outputs: ["d"], attributes: { to: { int: 11 } } },
        { op: "LRN", inputs: ["d"], outputs: ["y"], attributes: { size: { int: 3 } } },
      ],
      outputs: [{ name: "y", type: "float64", dims: ["N", 3, 4, 5] }],
    },
    {},
    "onnxruntime does not have the operator LRN for the types that it is used with",
  ],
  "a convolution without weights": [
    { nodes: [{ ...relu, op: "Conv" }] },
    {},
    "has input size 1 not in range",
  ],
  "operators in a circle": [
    {
      nodes: [
        { op: "Relu", inputs: ["b"], outputs: ["a"] },
        { op: "Add", inputs: ["a", "picture"], outputs: ["b"] },
      ],
      outputs: [{ name: "b" }],
    },
    {},
    "the graph is not acyclic",
  ],
};

describe.each(subjects)("$title refuses", ({ options, lack }) => {
  test.skipIf(lack !== "").each(Object.entries(refused))("%s", async (_, [model, asked, message]) => {
    expect(await refusal(row(writeOnnx(model), { ...options, ...asked }))).toContain(message);
  });
});

test("TensorFlow does not compute an ONNX network", async () => {
  const message = "an ONNX network runs on onnxruntime and openvino, not on tensorflow";
  expect(await refusal(row(writeOnnx(), { runtime: "tensorflow" }))).toBe(message);
});

test("weights of another file are a mistake", async () => {
  const opened = openNetwork({ path: writeOnnx(), weights: { kind: "h5", path: "w.h5" } });
  expect(await refusal(opened)).toContain("an ONNX network brings its own weights");
});

describe.each(subjects)("$title computes", ({ options, lack }) => {
  const run = test.skipIf(lack !== "");

  run("a tensor that comes from the picture alone, where there are other inputs", async () => {
    const file = writeOnnx({
      inputs: [second, picture],
      nodes: [relu, { op: "Frobnicate", inputs: ["y", "words"], outputs: ["z"] }],
      outputs: [{ name: "z" }],
    });
    const asked = { layer: "y", pool: "max", ...options } as const;
    expect(await row(file, asked)).toEqual([57, 58, 59]);
  });

  run("numbers of bfloat16, which are float", async () => {
    const nodes = [{ op: "Cast", inputs: ["picture"], outputs: ["y"], attributes: { to: { int: 16 } } }];
    const outputs = [{ name: "y", type: "bfloat16", dims: ["N", 3, 4, 5] }] as const;
    const found = await row(writeOnnx({ nodes, outputs }), options);
    expect(found).toEqual(Array.from({ length: 60 }, (_, at) => at));
  });

  run("what the file is wrong about", async () => {
    const outputs = [{ name: "y", type: "float16", dims: ["N", 99] }] as const;
    expect(await row(writeOnnx({ outputs }), options)).toHaveLength(60);
  });

  run("a network whose names begin like flow's own", async () => {
    const nodes = [{ op: "Abs", inputs: ["flow_pixels"], outputs: ["flow_out_Transpose_0"] }];
    const file = writeOnnx({
      inputs: [{ ...picture, name: "flow_pixels" }],
      nodes,
      outputs: [{ name: "flow_out_Transpose_0", dims: ["N", 3, 4, 5] }],
    });
    expect((await row(file, options)).slice(0, 3)).toEqual([0, 1, 2]);
  });
});

test("the first tensor that is not finite is named, and constants are not", async () => {
  const nodes = [
    relu,
    { op: "Min", inputs: ["y", "endless"], outputs: ["masked"] },
    { op: "Tanh", inputs: ["masked"], outputs: ["fine"] },
    { op: "Log", inputs: ["y"], outputs: ["logs"] },
    { op: "Mul", inputs: ["logs", "fine"], outputs: ["z"] },
  ];
  const constants = [{ name: "endless", dims: [], data: floats(Number.POSITIVE_INFINITY) }];
  for (const dims of [
    ["N", 3, 4, 5],
    [2, 3, 4, 5],
  ]) {
    const outputs = [{ name: "z", dims }];
    const path = writeOnnx({ ...input(dims), nodes, constants, outputs });
    const network = await openNetwork({ path, weights: own });
    const options = { network, layer: "z", pool: "none", scaling: "none", size } as const;
    expect(await firstNotFiniteLayer(options, new Uint8Array(60).fill(3))).toBeUndefined();
    expect(await firstNotFiniteLayer(options, new Uint8Array(60))).toBe("logs");
  }
});
