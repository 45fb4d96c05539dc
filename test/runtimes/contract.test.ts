import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { type Extractor, type ExtractorOptions, openExtractor } from "../../steps/vision/extractor.ts";
import { type Network, openNetwork } from "../../steps/vision/networks/open.ts";
import type { Scaling } from "../../steps/vision/preprocessing.ts";
import { decodeValues, expectClose, golden, picturePixels, readGolden } from "../networks/golden.ts";
import { all, embedded, exact, type Subject } from "./subjects.ts";

// What every runtime is held to, in every precision; golden files are Keras'.

const small = readGolden<{
  size: [number, number];
  scaling: Scaling;
  outputs: Record<string, { shape: number[]; values: string }>;
}>("small.json");
const several = readGolden<{
  cases: { layers: string[]; pool: "none" | "average" | "max"; length: number; values: string }[];
}>("several.json");
let network: Network;
beforeAll(async () => {
  const weights = { kind: "h5", path: join(golden, "small.h5") } as const;
  network = await openNetwork({ path: join(golden, "small"), weights });
});

describe.each(exact)("$title", ({ options, lack, within }) => {
  const run = test.skipIf(lack !== "");

  run.each(Object.keys(small.outputs))("gives what Keras gives at %s", async (layer) => {
    const extractor = await open({ layer, size: small.size, scaling: small.scaling, ...options });
    const expected = small.outputs[layer] as { shape: number[]; values: string };
    expect(extractor.shape).toEqual(expected.shape);
    const rows = await compute(extractor, pictures(2, small.size), 2);
    expectClose(rows, decodeValues(expected.values), within);
    await extractor.close();
  });

  const scalings: readonly Scaling[] = ["caffe", "tf", "torch", "none", { mean: [1, 2, 3], std: 4 }];
  run.each(
    scalings.flatMap((scaling) => (["none", "average", "max"] as const).map((pool) => ({ scaling, pool }))),
  )("gives what onnxruntime gives for scaling $scaling and pool $pool", async ({ scaling, pool }) => {
    const [layer] = Object.entries(small.outputs).find(([, { shape }]) => shape.length === 3) ?? [""];
    const choice = { layer, pool, scaling, size: small.size };
    const [one, other] = [
      await open({ ...choice, ...options }),
      await open({ ...choice, ...embedded.options }),
    ];
    const pixels = pictures(5, small.size);
    expectClose(await compute(one, pixels, 5), await compute(other, pixels, 5), within);
    await one.close();
    await other.close();
  });

  run.each(several.cases)("gives what Keras gives at $layers in one pass, pool $pool", async (expected) => {
    const { layers: layer, pool, length, values } = expected;
    const extractor = await open({ layer, pool, size: small.size, scaling: small.scaling, ...options });
    expect(extractor.shape).toEqual([length]);
    expectClose(await compute(extractor, pictures(2, small.size), 2), decodeValues(values), within);
    await extractor.close();
  });

  // Where nothing is folded over a cut: else a runtime rounds a sum in another order.
  const cuts = ["conv4_block6_out", "conv1_relu", "conv2_block3_out", "conv5_block3_out"];
  run.each(["average", "none"] as const)(
    "gives at several layers of a whole network the rows of each, one after the other, pool %s",
    async (pool) => {
      const resnet = await openNetwork({ named: "resnet50", weights: { kind: "seeded" } });
      const choice = { network: resnet, pool, size: [64, 48], scaling: "caffe" } as const;
      const rowsAt = async (layer: string | readonly string[]): Promise<readonly Float32Array[]> => {
        const extractor = await openExtractor({ ...choice, layer, threads: 2, ...options });
        const rows = await compute(extractor, pictures(2, choice.size), 2);
        await extractor.close();
        return [rows.subarray(0, extractor.rowLength), rows.subarray(extractor.rowLength)];
      };
      const together = await rowsAt(cuts);
      let at = 0;
      for (const layer of cuts) {
        const alone = await rowsAt(layer);
        const length = alone[0]?.length ?? 0;
        const part = together.map((row) => row.subarray(at, at + length));
        if (options.runtime === "onnxruntime" && options.device !== "webgpu")
          expect(haveSameBits(part, alone), layer).toBe(true);
        else
          for (const row of [0, 1])
            expectClose(part[row] as Float32Array, alone[row] as Float32Array, within);
        at += length;
      }
      expect(at).toBe(together[0]?.length);
    },
  );
});

describe.each(all)("$title", ({ options, lack, within, growth }) => {
  const run = test.skipIf(lack !== "");
  const choice = {
    layer: Object.keys(small.outputs).at(-1) as string,
    size: small.size,
    scaling: small.scaling,
  };

  run("gives the same bits twice, and in batches what it gives at once", async () => {
    const extractor = await open({ ...choice, ...options });
    const pixels = pictures(7, small.size);
    const once = await compute(extractor, pixels, 7);
    expect(await compute(extractor, pixels, 7)).toEqual(once);
    const picture = pixels.length / 7;
    const parts = [3, 3, 1].map((count, at) => ({ count, at: 3 * at }));
    const rows = new Float32Array(once.length);
    for (const { count, at } of parts) {
      const part = await compute(extractor, pixels.subarray(at * picture, (at + count) * picture), count);
      rows.set(part, at * extractor.rowLength);
    }
    expectClose(rows, once, options.precision === "bf16" ? 1e-2 : within);
    await extractor.close();
  });

  run("frees what it opened, and what a batch took", { timeout: 120_000 }, async () => {
    const cycle = async (times: number): Promise<void> => {
      for (let time = 0; time < times; time++) {
        const extractor = await open({ ...choice, ...options });
        await compute(extractor, pictures(2, small.size), 2);
        await extractor.close();
      }
    };
    await cycle(30);
    const opened = await megabytesMore(() => cycle(100));
    const extractor = await open({ ...choice, ...options });
    const batches = async (times: number): Promise<void> => {
      for (let time = 0; time < times; time++) await compute(extractor, pictures(2, small.size), 2);
    };
    await batches(500);
    const computed = await megabytesMore(() => batches(5_000));
    await extractor.close();
    expect(opened).toBeLessThan(growth);
    expect(computed).toBeLessThan(16);
  });
});

describe.each(all)("a whole network on $title", ({ options, lack, within }) => {
  test.skipIf(lack !== "")("is what onnxruntime gives", async () => {
    const resnet = await openNetwork({ named: "resnet50", weights: { kind: "seeded" } });
    const choice = { network: resnet, layer: resnet.layer, size: [96, 64], scaling: "caffe" } as const;
    const pixels = pictures(2, choice.size);
    const open = (more: Subject["options"]) => openExtractor({ pool: "none", ...choice, ...more });
    const [one, other] = [await open(options), await open(embedded.options)];
    const [found, expected] = [await compute(one, pixels, 2), await compute(other, pixels, 2)];
    if (options.precision === "bf16") expect(cosine(found, expected)).toBeGreaterThan(0.9999);
    else expectClose(found, expected, within);
    await one.close();
    await other.close();
  });
});

type Choice = Omit<ExtractorOptions, "network" | "pool"> & Partial<Pick<ExtractorOptions, "pool">>;

function open(choice: Choice): Promise<Extractor> {
  return openExtractor({ network, pool: "none", threads: 2, ...choice });
}

async function compute(extractor: Extractor, pixels: Uint8Array, count: number): Promise<Float32Array> {
  const rows = new Float32Array(count * extractor.rowLength);
  await extractor.run(pixels, count, rows);
  return rows;
}

function haveSameBits(some: readonly Float32Array[], others: readonly Float32Array[]): boolean {
  const bytes = (rows: readonly Float32Array[]): Buffer =>
    Buffer.concat(
      rows.map(({ buffer, byteOffset, byteLength }) => new Uint8Array(buffer, byteOffset, byteLength)),
    );
  return bytes(some).equals(bytes(others));
}

function pictures(count: number, size: readonly [number, number]): Uint8Array {
  return picturePixels(count, ...size);
}

function cosine(a: Float32Array, b: Float32Array): number {
  const dot = (x: Float32Array, y: Float32Array): number =>
    x.reduce((sum, value, at) => sum + value * (y[at] as number), 0);
  return dot(a, b) / Math.sqrt(dot(a, a) * dot(b, b));
}

/** By how much this process has grown while something was done, in MB. */
async function megabytesMore(work: () => Promise<void>): Promise<number> {
  const before = process.memoryUsage.rss();
  await work();
  return (process.memoryUsage.rss() - before) / 2 ** 20;
}
