import { describe, expect, test } from "vitest";
import {
  type Graph,
  lengthOf,
  type Operator,
  type Shape,
  type Tensor,
} from "../../steps/vision/graph/graph.ts";
import { loadRuntime } from "../../steps/vision/runtimes/load.ts";
import { expectClose, mix, picturePixels } from "../networks/golden.ts";
import { embedded, exact, type Subject } from "./subjects.ts";

// Every operator of the graph with the settings that are hard, as onnxruntime computes it.

const size: Shape = [11, 9, 8];

/** Of an operator that takes an array of `size`, between −1 and 1: what it is and gives. */
interface Case {
  readonly title: string;
  /** "input" stands for that array. */
  readonly operator: object;
  readonly shape: Shape;
}

const moved = { strides: [1, 1], dilation: [1, 1], pads: [0, 0, 0, 0], groups: 1 } as const;

function conv(title: string, kernel: Shape, shape: Shape, settings: object = {}): Case {
  const operator = {
    op: "conv",
    ...moved,
    kernel: tensor(kernel),
    bias: tensor([kernel[3] ?? 1]),
    ...settings,
  };
  return { title: `conv, ${title}`, operator, shape };
}

function depthwise(title: string, kernel: Shape, shape: Shape, settings: object = {}): Case {
  const operator = { op: "depthwiseConv", ...moved, kernel: tensor(kernel), ...settings };
  return { title: `depthwiseConv, ${title}`, operator, shape };
}

function transposed(title: string, kernel: Shape, shape: Shape, settings: object = {}): Case {
  const bias = tensor([kernel[2] ?? 1]);
  const operator = {
    op: "transposedConv",
    ...moved,
    more: [0, 0],
    bias,
    kernel: tensor(kernel),
    ...settings,
  };
  return { title: `transposedConv, ${title}`, operator, shape };
}

function pool(title: string, shape: Shape, settings: object): Case[] {
  return (["max", "mean"] as const).map((kind) => ({
    title: `pool ${kind}, ${title}`,
    operator: { op: "pool", kind, pads: [0, 0, 0, 0], ...settings },
    shape,
  }));
}

function same(title: string, operator: object): Case {
  return { title, operator: operator, shape: size };
}

const unaries = [
  "relu",
  "selu",
  "sigmoid",
  "tanh",
  "softplus",
  "softsign",
  "exp",
  "erf",
  "absolute",
  "negative",
];
const binaries = ["add", "subtract", "multiply", "divide", "maximum", "minimum"];

const cases: readonly Case[] = [
  conv("1 × 1", [1, 1, 8, 5], [11, 9, 5]),
  conv("without bias", [3, 3, 8, 5], [9, 7, 5], { bias: undefined }),
  conv("pads that differ", [3, 3, 8, 5], [6, 5, 5], { pads: [1, 0, 2, 3], strides: [2, 2] }),
  conv("pads larger than the kernel", [2, 2, 8, 4], [16, 12, 4], { pads: [3, 2, 3, 2] }),
  conv("strides that differ", [3, 2, 8, 5], [5, 3, 5], { strides: [2, 3], pads: [0, 0, 1, 0] }),
  conv("dilation that differs", [3, 3, 8, 5], [7, 3, 5], { dilation: [2, 3] }),
  conv("dilation and strides", [3, 3, 8, 5], [5, 4, 5], {
    dilation: [2, 2],
    strides: [2, 2],
    pads: [1, 1, 2, 2],
  }),
  conv("groups", [3, 3, 2, 12], [9, 7, 12], { groups: 4 }),
  conv("groups, strides, dilation, pads", [3, 3, 4, 6], [5, 4, 6], {
    groups: 2,
    strides: [2, 2],
    dilation: [2, 2],
    pads: [1, 1, 2, 2],
  }),
  conv("as many groups as channels", [3, 3, 1, 16], [9, 7, 16], { groups: 8 }),
  depthwise("plain", [3, 3, 8, 1], [9, 7, 8], { bias: tensor([8]) }),
  depthwise("multiplier, strides, pads that differ", [3, 3, 8, 2], [6, 5, 16], {
    strides: [2, 2],
    pads: [1, 1, 1, 2],
  }),
  depthwise("strides that differ", [3, 3, 8, 2], [5, 3, 16], { strides: [2, 3], pads: [0, 1, 0, 0] }),
  depthwise("dilation that differs", [3, 2, 8, 1], [7, 6, 8], { dilation: [2, 3] }),
  depthwise("dilation and strides", [3, 3, 8, 1], [5, 4, 8], {
    dilation: [2, 2],
    strides: [2, 2],
    pads: [1, 1, 2, 2],
  }),
  transposed("plain", [3, 3, 5, 8], [13, 11, 5]),
  transposed("strides, pads and more", [3, 3, 5, 8], [22, 26, 5], {
    strides: [2, 3],
    pads: [0, 1, 1, 1],
    more: [0, 1],
  }),
  transposed("strides larger than the kernel", [2, 1, 4, 8], [32, 27, 4], { strides: [3, 3], more: [0, 2] }),
  transposed("dilation", [3, 3, 5, 8], [13, 11, 5], { dilation: [2, 2], pads: [1, 1, 1, 1] }),
  {
    title: "matmul",
    operator: { op: "matmul", kernel: tensor([8, 6]), bias: tensor([6]) },
    shape: [11, 9, 6],
  },
  ...pool("plain", [5, 4, 8], { window: [2, 2], strides: [2, 2] }),
  ...pool("pads", [6, 5, 8], { window: [3, 3], strides: [2, 2], pads: [1, 1, 1, 1] }),
  ...pool("pads that differ", [5, 9, 8], { window: [3, 2], strides: [2, 1], pads: [0, 0, 0, 1] }),
  ...pool("pads as wide as may be", [13, 6, 8], { window: [3, 4], strides: [1, 2], pads: [2, 3, 2, 2] }),
  { title: "pad", operator: { op: "pad", pads: [1, 0, 2, 3] }, shape: [14, 12, 8] },
  { title: "crop", operator: { op: "crop", pads: [1, 0, 2, 3] }, shape: [8, 6, 8] },
  {
    title: "resize nearest",
    operator: { op: "resize", factors: [3, 2], mode: "nearest" },
    shape: [33, 18, 8],
  },
  { title: "resize linear", operator: { op: "resize", factors: [2, 3], mode: "linear" }, shape: [22, 27, 8] },
  ...binaries.map((kind) =>
    same(`${kind} with a constant`, { op: "binary", kind, left: "input", right: tensor(size) }),
  ),
  ...binaries.map((kind) =>
    same(`${kind} with a constant for each channel`, {
      op: "binary",
      kind,
      left: "input",
      right: tensor([1, 1, 8]),
    }),
  ),
  same("a constant for each row minus", {
    op: "binary",
    kind: "subtract",
    left: tensor([11, 1, 1]),
    right: "input",
  }),
  ...unaries.map((kind) => same(kind, { op: "unary", kind })),
  same("leakyRelu", { op: "leakyRelu", slope: 0.3 }),
  same("leakyRelu that is steeper", { op: "leakyRelu", slope: 2.5 }),
  same("leakyRelu that rises on both sides", { op: "leakyRelu", slope: -0.5 }),
  same("elu", { op: "elu", alpha: 1 }),
  same("elu with an alpha", { op: "elu", alpha: 0.4 }),
  same("threshold", { op: "threshold", above: 0.2 }),
  same("threshold below zero", { op: "threshold", above: -0.2 }),
  same("clip", { op: "clip", least: -0.25, most: 0.5 }),
  same("clip on one side", { op: "clip", least: Number.NEGATIVE_INFINITY, most: 0.5 }),
  same("clip on no side", { op: "clip", least: Number.NEGATIVE_INFINITY, most: Number.POSITIVE_INFINITY }),
  same("scaleShift", {
    op: "scaleShift",
    scale: Float64Array.from(tensor([8]).data),
    shift: Float64Array.from(tensor([8]).data),
  }),
  ...[0, 1, 2].map((axis) => same(`softmax along ${axis}`, { op: "softmax", axis })),
  ...(["mean", "max"] as const).flatMap((kind): Case[] => [
    { title: `reduce ${kind}`, operator: { op: "reduce", kind, axes: [0, 1], keepAxes: false }, shape: [8] },
    {
      title: `reduce ${kind}, axes kept`,
      operator: { op: "reduce", kind, axes: [1, 2], keepAxes: true },
      shape: [11, 1, 1],
    },
  ]),
  { title: "reshape", operator: { op: "reshape", shape: [33, 24] }, shape: [33, 24] },
  { title: "transpose", operator: { op: "transpose", order: [2, 0, 1] }, shape: [8, 11, 9] },
  { title: "gather", operator: { op: "gather", axis: 1, indices: [8, 0, 0, 3] }, shape: [11, 4, 8] },
  ...[0, 1, 2].map((axis): Case => {
    const shape = size.map((length, at) => (at === axis ? 3 * length : length));
    return {
      title: `concat along ${axis}`,
      operator: { op: "concat", inputs: ["input", "input", "input"], axis },
      shape,
    };
  }),
];

const others = exact.filter((subject) => subject !== embedded);
describe.each(others)("$title", ({ options, lack, within }) => {
  test.skipIf(lack !== "").each(cases)("computes what onnxruntime does on the CPU: $title", async (one) => {
    const graph = graphOf(one);
    const expected = await compute(embedded.options, graph);
    expect(expected.every(Number.isFinite)).toBe(true);
    expectClose(await compute(options, graph), expected, within);
  });
});

const count = 3;

async function compute(
  { runtime = "onnxruntime", ...options }: Subject["options"],
  graph: Graph,
): Promise<Float32Array> {
  const opened = await (await loadRuntime(runtime)).open(
    { kind: "graph", graph },
    { precision: "float32", device: "cpu", threads: 2, ...options },
  );
  const [height = 1, width = 1] = graph.input.shape;
  const rows = new Float32Array(count * lengthOf(graph.output.shape));
  await opened.run(picturePixels(count, height, width), count, rows);
  await opened.close();
  return rows;
}

/** From pixels to an array of `size` with both signs, then the operator. */
function graphOf({ operator, shape }: Case): Graph {
  const input = { id: 0, shape: [...size.slice(0, 2), 3] };
  const floats = { id: 1, shape: input.shape };
  const centred = { id: 2, shape: input.shape };
  const wide = { id: 3, shape: size };
  const output = { id: 4, shape };
  const put = (value: unknown): unknown => {
    if (value === "input") return wide;
    return Array.isArray(value) && value.includes("input") ? value.map(put) : value;
  };
  const kept = Object.entries({ ...operator, input: wide }).filter(([, value]) => value !== undefined);
  const filled = Object.fromEntries(kept.map(([key, value]) => [key, put(value)]));
  return {
    name: "case",
    input,
    nodes: [
      { operator: { op: "cast", input }, output: floats },
      {
        operator: {
          op: "scaleShift",
          input: floats,
          scale: Float64Array.of(1 / 128, 1 / 128, 1 / 128),
          shift: Float64Array.of(-1, -1, -1),
        },
        output: centred,
      },
      {
        operator: { op: "conv", ...moved, input: centred, kernel: tensor([1, 1, 3, 8]) },
        output: wide,
      },
      { operator: filled as unknown as Operator, output },
    ],
    output,
  };
}

/** Values between −0.5 and 0.5, none of them near 0. */
function tensor(shape: Shape): Tensor {
  const data = Float32Array.from({ length: lengthOf(shape) }, (_, at) => {
    const value = mix(at + 1) / 2 ** 32 - 0.5;
    return value + Math.sign(value) * 0.05;
  });
  return { shape, data };
}
