import { beforeAll, describe, expect, test } from "vitest";
import { randomStream } from "../../steps/compute/random.ts";
import { draw } from "../../steps/generate/draw.ts";
import { openExtractor } from "../../steps/vision/extractor.ts";
import { resnet } from "../../steps/vision/networks/named/resnet-topology.ts";
import { type Network, openNetwork } from "../../steps/vision/networks/open.ts";
import type { Layer } from "../../steps/vision/networks/topology.ts";
import { knownLayers } from "../../steps/vision/translate/weight-shapes.ts";

describe("the topology", () => {
  const topology = resnet("resnet50", [3, 4, 6, 3]);
  const layers = topology.calls.map(({ layer }) => layer);
  const known = knownLayers(topology, [224, 224]);

  test("has Keras' number of parameters and its output", () => {
    const sizes = [...known.values()].flatMap(({ weights }) => Object.values(weights));
    const parameters = sizes.reduce(
      (sum, shape) => sum + shape.reduce((product, size) => product * size, 1),
      0,
    );
    expect(parameters).toBe(23_587_712);
    expect(known.get("conv5_block3_out")?.shape).toEqual([7, 7, 2048]);
  });

  test("has the strides on the first 1 × 1 convolution and the shortcut of conv3, conv4 and conv5", () => {
    const strided = layers.filter(
      ({ className, config }) => className === "Conv2D" && JSON.stringify(config.strides) === "[2,2]",
    );
    const expected = ["conv3", "conv4", "conv5"].flatMap((stack) => [
      `${stack}_block1_0_conv`,
      `${stack}_block1_1_conv`,
    ]);
    expect(strided.map(({ name }) => name).sort()).toEqual(["conv1_conv", ...expected]);
  });

  test("pads as Keras does", () => {
    const layerOf = (name: string): Layer => layers.find((layer) => layer.name === name) as Layer;
    expect(layerOf("conv1_pad").config.padding).toEqual([
      [3, 3],
      [3, 3],
    ]);
    expect(layerOf("pool1_pad").config.padding).toEqual([
      [1, 1],
      [1, 1],
    ]);
    expect(layerOf("conv2_block1_2_conv").config.padding).toBe("same");
    expect(known.get("conv1_conv")?.shape).toEqual([112, 112, 64]);
    expect(known.get("pool1_pool")?.shape).toEqual([56, 56, 64]);
  });

  test("normalizes with Keras' epsilon", () => {
    const norms = layers.filter(({ className }) => className === "BatchNormalization");
    expect(norms).toHaveLength(53);
    expect(new Set(norms.map(({ config }) => config.epsilon))).toEqual(new Set([1.001e-5]));
  });
});

describe("seeded weights", () => {
  let network: Network;
  beforeAll(async () => {
    network = await openNetwork({ named: "resnet50", weights: { kind: "seeded" } });
  });

  test("give rows of the size of real features", async () => {
    const pixels = pictures(4, 224);
    const rows = await extract({ network, size: 224, pixels, count: 4 });
    for (let row = 0; row < 4; row++) {
      const norm = rows
        .subarray(row * 100_352, (row + 1) * 100_352)
        .reduce((sum, value) => sum + value * value, 0);
      expect(norm).toBeGreaterThan(1e4);
      expect(norm).toBeLessThan(1e5);
    }
  });

  test("give the same bits for every batch size and number of threads", async () => {
    const pixels = pictures(8, 96);
    const expected = await extract({ network, size: 96, pixels, count: 8, batch: 8, threads: 1 });
    for (const [batch, threads] of [
      [1, 1],
      [3, 2],
      [8, 2],
      [5, 3],
    ] as const) {
      const rows = await extract({ network, size: 96, pixels, count: 8, batch, threads });
      expect(
        Buffer.from(rows.buffer).equals(Buffer.from(expected.buffer)),
        `batch ${batch}, ${threads} threads`,
      ).toBe(true);
    }
  });
});

interface Extraction {
  readonly network: Network;
  readonly size: number;
  readonly pixels: Uint8Array;
  readonly count: number;
  readonly batch?: number;
  readonly threads?: number;
}

async function extract({
  network,
  size,
  pixels,
  count,
  batch = count,
  threads = 2,
}: Extraction): Promise<Float32Array> {
  const options = {
    network,
    layer: network.layer,
    pool: "none",
    size: [size, size],
    scaling: "caffe",
  } as const;
  const extractor = await openExtractor({ ...options, threads });
  const { rowLength } = extractor;
  const rows = new Float32Array(count * rowLength);
  const picture = size * size * 3;
  for (let at = 0; at < count; at += batch) {
    const end = Math.min(at + batch, count);
    await extractor.run(
      pixels.subarray(at * picture, end * picture),
      end - at,
      rows.subarray(at * rowLength, end * rowLength),
    );
  }
  await extractor.close();
  return rows;
}

function pictures(count: number, size: number): Uint8Array {
  const pixels = new Uint8Array(count * size * size * 3);
  for (let at = 0; at < count; at++) {
    pixels.set(draw((at % 2) as 0 | 1, size, randomStream(5, `picture ${at}`)), at * size * size * 3);
  }
  return pixels;
}
