import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach } from "vitest";
import type { Json, JsonObject } from "../../engine/json.ts";
import { encodeGraph } from "../../steps/compute/onnx/graph.ts";
import { openSession } from "../../steps/compute/onnx/session.ts";
import { lengthOf } from "../../steps/vision/graph/graph.ts";
import { type Network, openNetwork } from "../../steps/vision/networks/open.ts";
import { toOnnx } from "../../steps/vision/onnx/to-onnx.ts";
import type { Scaling } from "../../steps/vision/preprocessing.ts";
import { translate } from "../../steps/vision/translate/translate.ts";

const folders: string[] = [];
afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
});

/** A folder that is gone after the test. */
export function newFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "flow-network-"));
  folders.push(folder);
  return folder;
}

/** A layer as Keras 2 writes it; `from` names what it takes. */
export function layer(
  className: string,
  name: string,
  from: string | readonly string[],
  config: JsonObject = {},
): JsonObject {
  const tensors = [from].flat().map((input) => [input, 0, 0, {}]);
  return { class_name: className, name, config: { name, ...config }, inbound_nodes: [tensors] };
}

export function input(name: string, size: readonly [number, number] = [2, 2]): JsonObject {
  return {
    class_name: "InputLayer",
    name,
    config: { name, batch_input_shape: [null, ...size, 3] },
    inbound_nodes: [],
  };
}

export interface WrittenModel {
  readonly layers: readonly JsonObject[];
  readonly weights?: Readonly<Record<string, { shape: readonly number[]; values: readonly number[] }>>;
  readonly version?: string;
}

/** A functional model whose inputs are the first layers without inbound nodes, and whose output is the last layer. */
export function functional(name: string, layers: readonly JsonObject[]): JsonObject {
  const inputs = layers.filter((item) => item.class_name === "InputLayer");
  const tensor = (item: JsonObject | undefined): Json => [item?.name ?? "", 0, 0];
  return {
    class_name: "Functional",
    config: { name, layers, input_layers: inputs.map(tensor), output_layers: [tensor(layers.at(-1))] },
  };
}

/** Writes a TensorFlow.js layers model; returns its folder. */
export function writeModel({ layers, weights = {}, version = "2.15.0" }: WrittenModel): string {
  const folder = newFolder();
  const entries = Object.entries(weights);
  const manifest = entries.map(([name, { shape }]) => ({ name, shape, dtype: "float32" }));
  writeFileSync(
    join(folder, "w.bin"),
    Buffer.from(Float32Array.from(entries.flatMap(([, { values }]) => values)).buffer),
  );
  writeFileSync(
    join(folder, "model.json"),
    JSON.stringify({
      modelTopology: { keras_version: version, model_config: functional("test", layers) },
      weightsManifest: [{ paths: ["w.bin"], weights: manifest }],
    }),
  );
  return folder;
}

export interface Computation {
  readonly network: Network;
  readonly layer?: string;
  readonly pool?: "none" | "average" | "max";
  readonly size: readonly [number, number];
  readonly scaling?: Scaling;
  readonly pixels: Uint8Array;
  readonly count?: number;
  readonly optimization?: "all" | "disabled";
}

/** Rows as an extractor computes them, with or without the runtime's own rewriting of the graph. */
export async function compute({
  network,
  layer: cut = network.layer,
  pool = "none",
  size,
  scaling = "none",
  pixels,
  count = 1,
  optimization = "all",
}: Computation): Promise<Float32Array> {
  if (network.kind !== "keras") throw new Error("there is nothing to translate");
  const { graph, shape } = translate({ ...network, layer: cut, pool, size, scaling });
  const onnx = toOnnx(graph);
  const session = await openSession(encodeGraph(onnx), { threads: 2, optimization });
  const length = lengthOf(shape);
  const rows = new Float32Array(count * length);
  await session.run(
    { pixels: { type: "uint8", dims: [count, ...size, 3], data: pixels } },
    { [onnx.outputs[0]?.name ?? ""]: { type: "float32", dims: [count, length], data: rows } },
  );
  await session.close();
  return rows;
}

/** What a model gives at a layer for a picture of 2 × 2 whose first pixel is `pixel`, and the others black. */
export async function valuesAt(
  folder: string,
  cut?: string,
  pixel: readonly number[] = [1, 2, 3],
): Promise<readonly number[]> {
  const network = await openNetwork({ path: folder, weights: { kind: "own" } });
  const pixels = new Uint8Array(12);
  pixels.set(pixel);
  return [
    ...(await compute({ network, size: [2, 2], pixels, ...(cut === undefined ? {} : { layer: cut }) })),
  ];
}

/** Weights of a 1 × 1 convolution from three channels to one: their sum, times a factor. */
export function summing(name: string, factor = 1): NonNullable<WrittenModel["weights"]> {
  return { [`${name}/kernel`]: { shape: [1, 1, 3, 1], values: [factor, factor, factor] } };
}

export const oneByOne: JsonObject = { filters: 1, kernel_size: [1, 1], use_bias: false };
