import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import h5wasm, { File } from "h5wasm/node";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { openExtractor } from "../../steps/vision/extractor.ts";
import { resnet } from "../../steps/vision/networks/named/resnet-topology.ts";
import { type Network, openNetwork } from "../../steps/vision/networks/open.ts";
import type { Scaling } from "../../steps/vision/preprocessing.ts";
import { knownLayers } from "../../steps/vision/translate/weight-shapes.ts";
import { decodeValues, expectClose, golden, mix, picturePixels, readGolden } from "./golden.ts";

describe("a network with every supported kind of layer, written by Keras", () => {
  const small = readGolden<{
    size: [number, number];
    scaling: Scaling;
    outputs: Record<string, { shape: number[]; values: string }>;
  }>("small.json");

  test.each(Object.keys(small.outputs))("gives what Keras gives at %s", async (layer) => {
    const path = join(golden, "small");
    const network = await openNetwork({ path, weights: { kind: "h5", path: join(golden, "small.h5") } });
    const { shape, rows } = await extract(network, layer, small.size, small.scaling);
    const expected = small.outputs[layer] as { shape: number[]; values: string };
    expect(shape).toEqual(expected.shape);
    expectClose(rows, decodeValues(expected.values), 1e-4);
  });
});

describe("ResNet-50 with weights from an .h5 file", () => {
  const folder = mkdtempSync(join(tmpdir(), "flow-h5-"));
  const expected = readGolden<{ size: [number, number]; shape: number[]; values: string; layers: string[] }>(
    "resnet50.json",
  );
  beforeAll(() => h5wasm.ready);
  afterAll(() => rmSync(folder, { recursive: true }));

  test("gives Keras' features within 1e-4 of their maximum", async () => {
    const path = join(folder, "weights.h5");
    writeResnetWeights(path, expected.layers);
    const network = await openNetwork({ named: "resnet50", weights: { kind: "h5", path } });
    const { shape, rows } = await extract(network, network.layer, expected.size, "caffe");
    expect(network.layer).toBe("conv5_block3_out");
    expect(shape).toEqual(expected.shape);
    expectClose(rows, decodeValues(expected.values), 1e-4);
  });

  test("refuses the file of 2015 to 2019, which has the same name", async () => {
    const path = join(folder, "old.h5");
    const file = new File(path, "w");
    file.create_attribute("layer_names", ["conv1", "res2a_branch2a"]);
    file.close();
    await expect(openNetwork({ named: "resnet50", weights: { kind: "h5", path } })).rejects.toThrow(
      /2015 to 2019.*current file/,
    );
  });

  test("says which weight is missing or of another shape", async () => {
    const path = join(folder, "other.h5");
    const file = new File(path, "w");
    file.create_attribute("layer_names", ["conv1_conv"]);
    const group = file.create_group("conv1_conv");
    group.create_attribute("weight_names", ["conv1_conv/kernel:0", "conv1_conv/bias:0"]);
    group.create_group("conv1_conv");
    file.create_dataset({
      name: "conv1_conv/conv1_conv/kernel:0",
      data: new Float32Array(27),
      shape: [3, 3, 3, 1],
    });
    file.create_dataset({ name: "conv1_conv/conv1_conv/bias:0", data: new Float32Array(64), shape: [64] });
    file.close();
    const network = await openNetwork({ named: "resnet50", weights: { kind: "h5", path } });
    await expect(extract(network, network.layer, [64, 64], "caffe")).rejects.toThrow(
      "the kernel of layer conv1_conv is 3 × 3 × 3 × 1; the network needs 7 × 7 × 3 × 64",
    );
  });

  test("refuses what is no HDF5 file", async () => {
    const path = new URL("keras.test.ts", import.meta.url).pathname;
    await expect(openNetwork({ named: "resnet50", weights: { kind: "h5", path } })).rejects.toThrow(
      /is no HDF5 file/,
    );
  });
});

async function extract(
  network: Network,
  layer: string,
  size: readonly [number, number],
  scaling: Scaling,
): Promise<{ shape: readonly number[]; rows: Float32Array }> {
  const extractor = await openExtractor({ network, layer, pool: "none", size, scaling });
  const rows = new Float32Array(2 * extractor.rowLength);
  await extractor.run(picturePixels(2, ...size), 2, rows);
  await extractor.close();
  return { shape: extractor.shape, rows };
}

/** In the layout of the published file: data sets one group deeper, names ending in :0. */
function writeResnetWeights(path: string, layers: readonly string[]): void {
  const known = knownLayers(resnet("resnet50", [3, 4, 6, 3]), [64, 64]);
  const file = new File(path, "w");
  // Long lists are split.
  file.create_attribute("layer_names0", layers.slice(0, 40));
  file.create_attribute("layer_names1", layers.slice(40));
  for (const layer of layers) {
    const weights = Object.entries(known.get(layer)?.weights ?? {});
    const group = file.create_group(layer);
    group.create_attribute(
      "weight_names",
      weights.map(([role]) => `${layer}/${role}:0`),
    );
    group.create_group(layer);
    for (const [role, shape] of weights) {
      const data = formula(layer, role, shape);
      file.create_dataset({ name: `${layer}/${layer}/${role}:0`, data, shape: [...shape] });
    }
  }
  file.close();
}

function formula(layer: string, role: string, shape: readonly number[]): Float32Array {
  const seed = [...`${layer}/${role}`].reduce(
    (hash, letter) => (hash * 31 + letter.charCodeAt(0)) % 2 ** 32,
    0,
  );
  const count = shape.reduce((product, size) => product * size, 1);
  const scale = Math.sqrt((6 * (shape.at(-1) as number)) / count);
  return Float32Array.from({ length: count }, (_, at) => {
    const uniform = mix((at + seed) >>> 0) / 2 ** 32;
    if (role === "kernel") return (uniform * 2 - 1) * scale;
    return role === "gamma" || role === "moving_variance" ? uniform + 0.5 : (uniform - 0.5) * 0.2;
  });
}
