import type { Split } from "../../steps/learning/tables/images.ts";
import type { Rows, Training } from "../../steps/train/method.ts";
import { completed } from "../../steps/train/optimizers/optimizer.ts";
import type { TrainState } from "../../steps/train/state.ts";

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

/** What is needed to train, SGD with ReLU where nothing else is said. */
export function trainingOf(
  given: Pick<Training, "features" | "batchSize"> & { readonly state: TrainState } & Partial<Training>,
): Training {
  const { state, momentum = 0.9 } = given;
  return {
    optimizer: completed({ kind: "sgd", learningRate: 0.001, decay: 0, momentum }),
    momentum,
    upper: {
      activations: state.layers.slice(1).map(() => "relu" as const),
      dropout: [],
      seed: 0,
      labelSmoothing: 0,
    },
    ...given,
  };
}
