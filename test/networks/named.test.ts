import { createHash } from "node:crypto";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { randomStream } from "../../steps/compute/random.ts";
import { draw } from "../../steps/generate/draw.ts";
import { openExtractor } from "../../steps/vision/extractor.ts";
import { lengthOf, type Shape, type Tensor } from "../../steps/vision/graph/graph.ts";
import { lastBeforeClassifier } from "../../steps/vision/networks/classifier.ts";
import { namedNetworks } from "../../steps/vision/networks/named.ts";
import type { NamedNetwork } from "../../steps/vision/networks/named-network.ts";
import { type KerasNetwork, type Network, openNetwork } from "../../steps/vision/networks/open.ts";
import type { Topology, Weights } from "../../steps/vision/networks/topology.ts";
import { knownLayers } from "../../steps/vision/translate/weight-shapes.ts";
import { decodeValues, golden, mix, readGolden } from "./golden.ts";

/** What bench/golden/networks_named.py writes. */
interface Golden {
  readonly parameters: number;
  /** Without the input. */
  readonly layers: number;
  /** sha256 of the layers' names in Keras' order. */
  readonly names: string;
  /** Mean and deviation of what each normalization is given. */
  readonly norms: Readonly<Record<string, readonly [mean: number, deviation: number]>>;
  readonly cases: readonly Case[];
}

interface Case {
  readonly size: readonly [number, number];
  readonly shape: readonly number[];
  /** The largest feature. */
  readonly most: number;
  /** Which values are kept: every how manieth. */
  readonly step: number;
  readonly values: string;
}

const COUNT = 2;
const MINUTE = 60_000;
const networks = [...namedNetworks];

test("every network has a golden file, and every golden file a network", () => {
  const files = readdirSync(join(golden, "named")).map((file) => file.replace(/\.json$/, ""));
  expect(files.sort()).toEqual([...namedNetworks.keys()].sort());
});

describe.each(networks)("%s", (name, network) => {
  const expected = readGolden<Golden>(`named/${name}.json`);

  test("has Keras' layers, in its order, and its number of parameters", async () => {
    const topology = await network.topology();
    // Functions of keras.ops' are no layers.
    const names = topology.model.parts.flatMap((part) =>
      "parts" in part || part.className === "InputLayer" || part.module !== "" ? [] : [part.name],
    );
    expect(names).toHaveLength(expected.layers);
    expect(createHash("sha256").update(names.join("\n")).digest("hex")).toBe(expected.names);
    const shapes = [...knownLayers(topology, network.size).values()].flatMap(({ weights }) =>
      Object.values(weights),
    );
    // Keras counts how many pictures a Normalization has seen among its weights.
    const counts = topology.calls.filter(({ layer }) => layer.className === "Normalization").length;
    expect(shapes.reduce((sum, shape) => sum + lengthOf(shape), counts)).toBe(expected.parameters);
  });

  test(
    "gives Keras' features within 1e-5 of the largest",
    async () => {
      const [smallest] = expected.cases as [Case];
      const weights = weightsOf(await network.topology(smallest.size), expected.norms, smallest.size);
      for (const { size, shape, most, step, values } of expected.cases) {
        const topology = await network.topology(size);
        const pixels = pictures(COUNT, ...size);
        const computed = await extract(
          { kind: "keras", topology, weights, layer: lastBeforeClassifier(topology) },
          network,
          {
            size,
            pixels,
          },
        );
        expect(computed.shape).toEqual(shape);
        const kept = decodeValues(values);
        const rows = computed.rows.filter((_, at) => at % step === 0);
        expect(rows).toHaveLength(kept.length);
        const furthest = rows.reduce((far, row, at) => furtherOf(far, row - (kept[at] as number)), 0) / most;
        process.stdout.write(`${name} ${size.join(" × ")}: ${furthest.toExponential(1)} from Keras\n`);
        expect(furthest).toBeLessThan(1e-5);
      }
    },
    2 * MINUTE,
  );

  test(
    "has seeded weights from which a head can learn",
    async () => {
      // Half of the size that it takes, which is quicker: a quarter of the features.
      const size = network.size.map((length) => Math.floor(length / 2)) as unknown as NamedNetwork["size"];
      const seeded = (await openNetwork({ named: name, size, weights: { kind: "seeded" } })) as KerasNetwork;
      // "seeded" is all that the name of a store says of them.
      expectAsEver(name, digestOf(seeded.weights));
      const random = [0, 1].map((at) => draw(at as 0 | 1, size[0], randomStream(5, `picture ${at}`)));
      const { rows } = await extract(seeded, network, { size, pixels: Buffer.concat(random) });
      const width = rows.length / 2;
      const [one, other] = [rows.subarray(0, width), rows.subarray(width)];
      for (const row of [one, other]) {
        expect(row.every(Number.isFinite)).toBe(true);
        expect(4 * dot(row, row)).toBeGreaterThan(300);
        expect(4 * dot(row, row)).toBeLessThan(2e5);
      }
      // What differs between two pictures is no small part of their features.
      expect(dot(one, other) / Math.sqrt(dot(one, one) * dot(other, other))).toBeLessThan(0.99);
    },
    2 * MINUTE,
  );
});

/** Bits that change want another word than "seeded", so that rows of before are not taken for theirs. */
function expectAsEver(name: string, digest: string): void {
  const file = new URL("../golden/seeded.json", import.meta.url);
  const all = JSON.parse(readFileSync(file, "utf8")) as Record<string, string>;
  if (process.env.UPDATE_GOLDEN && all[name] === undefined)
    writeFileSync(file, `${JSON.stringify({ ...all, [name]: digest }, null, 1)}\n`);
  else expect(digest).toBe(all[name]);
}

function digestOf(weights: Weights): string {
  const hash = createHash("sha256");
  for (const [path, roles] of [...weights].sort(([a], [b]) => (a < b ? -1 : 1))) {
    for (const [role, { shape, data }] of Object.entries(roles)) {
      hash.update(JSON.stringify([path, role, shape]));
      hash.update(new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
    }
  }
  return hash.digest("hex");
}

interface Batch {
  readonly size: readonly [number, number];
  readonly pixels: Uint8Array;
}

async function extract(
  network: Network,
  { scaling }: NamedNetwork,
  { size, pixels }: Batch,
): Promise<{ shape: readonly number[]; rows: Float32Array }> {
  const extractor = await openExtractor({ network, layer: network.layer, pool: "none", size, scaling });
  const rows = new Float32Array(COUNT * extractor.rowLength);
  await extractor.run(pixels, COUNT, rows);
  await extractor.close();
  return { shape: extractor.shape, rows };
}

function furtherOf(far: number, difference: number): number {
  return Math.abs(difference) <= far ? far : Math.abs(difference);
}

function dot(a: Float32Array, b: Float32Array): number {
  return a.reduce((sum, value, at) => sum + value * (b[at] as number), 0);
}

function pictures(count: number, height: number, width: number): Uint8Array {
  const pixels = new Uint8Array(count * height * width * 3);
  for (const at of pixels.keys()) {
    const channel = at % 3;
    const column = Math.floor(at / 3) % width;
    const row = Math.floor(at / (3 * width)) % height;
    const picture = Math.floor(at / (3 * width * height));
    const patch = ((picture * 64 + (row >> 3)) * 64 + (column >> 3)) * 3 + channel;
    const value = (mix(patch + 7) >>> 24) + (mix(at + 99) >>> 27) - 16;
    pixels[at] = Math.min(Math.max(value, 0), 255);
  }
  return pixels;
}

function weightsOf(topology: Topology, norms: Golden["norms"], size: Case["size"]): Weights {
  return new Map(
    [...knownLayers(topology, size)].map(([path, { weights }]) => {
      const entries = Object.entries(weights).map(([role, shape], index): [string, Tensor] => {
        const suit = suited(role, shape, norms[path] ?? [0, 1]);
        return [role, { shape, data: drawn(`${path}/${index}`, lengthOf(shape), suit) }];
      });
      return [path, Object.fromEntries(entries)];
    }),
  );
}

/** A loop: there are 58 million of them. */
function drawn(name: string, count: number, suit: (uniform: number) => number): Float32Array {
  const seed = [...name].reduce((hash, letter) => (hash * 31 + letter.charCodeAt(0)) % 2 ** 32, 0);
  const values = new Float32Array(count);
  for (let at = 0; at < count; at++) values[at] = suit(mix((at + seed) >>> 0) / 2 ** 32);
  return values;
}

/** What becomes of a number from 0 to 1. */
function suited(
  role: string,
  shape: Shape,
  [mean, deviation]: readonly [number, number],
): (uniform: number) => number {
  const [height, width] = shape as readonly [number, number];
  switch (role) {
    case "kernel":
    case "pointwise_kernel":
    case "depthwise_kernel": {
      const isDepthwise = role === "depthwise_kernel";
      const most = Math.sqrt(6 / (isDepthwise ? height * width : lengthOf(shape) / (shape.at(-1) as number)));
      return (u) => (u * 2 - 1) * most;
    }
    case "gamma":
      return (u) => u * 0.6 + 0.7;
    case "bias":
      return (u) => u * 0.2 - 0.1;
    case "beta":
      return (u) => u;
    case "moving_mean":
      return (u) => mean * 0.5 + (u * 0.4 - 0.2) * deviation;
    case "moving_variance":
      return (u) => (u * 0.5 + 0.8) * (deviation * deviation);
    case "mean":
      return (u) => u * 0.1 + 0.4;
    case "variance":
      return (u) => u * 0.1 + 0.2;
    default:
      throw new Error(`nothing is known of ${role}`);
  }
}
