import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openCache } from "../../engine/cache/cache.ts";
import { openStore } from "../../engine/execute/open-store.ts";
import type { Store } from "../../engine/store.ts";
import { onnxAlgebra } from "../../steps/compute/onnx/linear-algebra.ts";
import type { Split } from "../../steps/learning/tables/images.ts";
import type { Method, Rows, Training } from "../../steps/train/method.ts";
import { completed, type Sgd } from "../../steps/train/optimizers/optimizer.ts";
import { openSampleSpace, type SampleSpaceOptions } from "../../steps/train/sample-space/open.ts";
import { tileBytes } from "../../steps/train/sample-space/tiles.ts";

export interface RowsInMemory {
  /** rows × rowLength. */
  readonly x: Float32Array;
  /** By row. */
  readonly labels: ArrayLike<number>;
  /** By row; default: all train. */
  readonly splits?: readonly Split[];
}

/** Rows that lie in memory, as what trains on them sees those on disk. */
export function featuresOf({ x, labels, splits }: RowsInMemory): Rows {
  const rows = labels.length;
  const rowLength = x.length / rows;
  return {
    rowLength,
    index: Array.from({ length: rows }, (_, row) => {
      const label = labels[row] as number;
      const split = splits?.[row] ?? "train";
      return { split, class: `class ${label}`, label, file: `${row}.jpg`, digest: `${row}` };
    }),
    async read(positions, into) {
      for (const [at, position] of positions.entries()) {
        into.set(x.subarray(position * rowLength, (position + 1) * rowLength), at * rowLength);
      }
    },
  };
}

export interface GivenTraining
  extends Pick<Training, "features" | "state" | "batchSize">,
    Partial<Pick<Training, "optimizer" | "upper" | "algebra">> {
  /** Of SGD. */
  readonly momentum?: number;
}

/** What is needed to train, SGD with ReLU where nothing else is said. */
export function trainingOf({ momentum = 0.9, ...given }: GivenTraining): Training {
  return {
    algebra: onnxAlgebra,
    optimizer: completed({ kind: "sgd", learningRate: 0.001, decay: 0, momentum }),
    upper: {
      activations: given.state.layers.slice(1).map(() => "relu" as const),
      dropout: [],
      seed: 0,
      labelSmoothing: 0,
    },
    ...given,
  };
}

/** Positions 0, 1, 2 … */
export function positionsUpTo(count: number): Int32Array {
  return Int32Array.from({ length: count }, (_, at) => at);
}

const folders: string[] = [];

export function newFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "flow-train-"));
  folders.push(folder);
  return folder;
}

/** A store, in a cache of its own where none is given. */
export function newStore(cache = newFolder(), name = "store"): Store {
  return openStore({
    cache: openCache(cache),
    type: { name: "train", version: 1 },
    name: { name },
    entries: "by-size",
    log: { line() {} },
    signal: new AbortController().signal,
    lean() {},
  });
}

export function removeFolders(): void {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true });
}

export interface SampledTraining extends Training {
  readonly optimizer: Sgd;
  /** How many rows of the features are trained on; the others are validated with. */
  readonly training: number;
  /** How many tiles of rows memory may hold. */
  readonly tiles?: number;
  readonly stores?: SampleSpaceOptions["stores"];
  readonly isUnitLength?: boolean;
}

/** Training in sample space, with stores that are empty where none are given. */
export async function openSampled(how: SampledTraining): Promise<Method> {
  const { training, tiles = 4, stores, isUnitLength = false, ...options } = how;
  const positions = positionsUpTo(options.features.index.length);
  const method = await openSampleSpace({
    ...options,
    isUnitLength,
    training: positions.subarray(0, training),
    validation: positions.subarray(training),
    rowBytes: tileBytes(options.features.rowLength, tiles),
    stores: stores ?? { gram: newStore(), first: newStore() },
    tell() {},
    log() {},
  });
  if (method === undefined) throw new Error("the lengths of rows do not follow from their products");
  return method;
}
