import fc from "fast-check";
import { activationNames } from "../../steps/learning/heads/activations.ts";
import { newDense } from "../../steps/learning/heads/dense.ts";
import type { Model } from "../../steps/learning/heads/model.ts";
import { type Normalization, openStatistics } from "../../steps/learning/heads/normalization.ts";

/** A head of any make, and rows for it. */
export interface DrawnHead {
  readonly model: Model;
  readonly rows: Float32Array;
  readonly count: number;
}

const COUNT = 40;

/** How rows of features come: what there is of them is drawn from a normal distribution first. */
const kinds = {
  ordinary: () => [1, 0],
  "far from zero": (next) => [1 + next(), 10 ** (6 * next()) * (next() < 0.5 ? -1 : 1)],
  tiny: (next) => [10 ** (-44 + 20 * next()), 0],
  huge: (next) => [10 ** (30 + 7.5 * next()), 0],
} as const satisfies Record<string, (next: () => number) => readonly [spread: number, mean: number]>;

export const drawnHeads: fc.Arbitrary<DrawnHead> = fc
  .record({
    inputLength: fc.integer({ min: 1, max: 300 }),
    hidden: fc.array(
      fc.record({
        units: fc.integer({ min: 1, max: 80 }),
        activation: fc.constantFrom(...activationNames),
      }),
      { maxLength: 4 },
    ),
    classes: fc.oneof(fc.integer({ min: 2, max: 12 }), fc.integer({ min: 2, max: 1000 })),
    normalized: fc.oneof(
      fc.constant(undefined),
      fc.record({
        kind: fc.constantFrom("l2" as const, "standard" as const),
        rows: fc.constantFrom(...(Object.keys(kinds) as (keyof typeof kinds)[])),
      }),
    ),
    seed: fc.integer({ min: 1, max: 2 ** 31 - 2 }),
  })
  .map(({ inputLength, hidden, classes, normalized, seed }) => {
    const next = uniform(seed);
    const sizes = [inputLength, ...hidden.map(({ units }) => units), classes];
    const layers = sizes.slice(1).map((units, at) => {
      const layer = newDense(sizes[at] as number, units);
      for (const i of layer.kernel.keys()) layer.kernel[i] = normal(next) / Math.sqrt(layer.inputs);
      for (const i of layer.bias.keys()) layer.bias[i] = normal(next) / 2;
      return layer;
    });
    const rows = drawnRows(inputLength, kinds[normalized?.rows ?? "ordinary"], next);
    const normalization = normalizationOf(normalized?.kind, rows, inputLength);
    return {
      rows,
      count: COUNT,
      model: {
        description: {
          classes: Array.from({ length: classes }, (_, at) => `class ${at}`),
          preprocessing: { size: [8, 8], scaling: "none" },
          extractor: {
            ...{ network: "n", layer: "l", weights: "w", pool: "none" },
            ...{ runtime: "onnxruntime", precision: "float32" },
          },
          inputLength,
          ...(normalization === undefined ? {} : { normalize: normalization.kind }),
          layers: [...hidden, { units: classes, activation: "softmax" }],
        },
        layers,
        ...(normalization === undefined ? {} : { normalization }),
      } satisfies Model,
    };
  });

/** Every column has its distribution; some never change. Where zeros are ordinary, one row in eight is zeros. */
function drawnRows(
  length: number,
  kind: (next: () => number) => readonly [spread: number, mean: number],
  next: () => number,
): Float32Array {
  const columns = Array.from({ length }, () => kind(next));
  const isConstant = columns.map(() => next() < 0.1);
  return Float32Array.from({ length: COUNT * length }, (_, at) => {
    const [spread, mean] = columns[at % length] as readonly [number, number];
    if (mean === 0 && (Math.floor(at / length) % 8 === 7 || next() < 0.125)) return 0;
    return isConstant[at % length] ? mean + spread : mean + spread * normal(next);
  });
}

/** Statistics of these rows, as training computes them. */
function normalizationOf(
  kind: "l2" | "standard" | undefined,
  rows: Float32Array,
  length: number,
): Normalization | undefined {
  if (kind !== "standard") return kind === undefined ? undefined : { kind };
  const statistics = openStatistics(length);
  for (let at = 0; at < rows.length; at += length) statistics.add(rows.subarray(at, at + length));
  return statistics.standard();
}

/** Lehmer's generator, between 0 and 1. */
function uniform(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state * 48271) % 2147483647;
    return state / 2147483647;
  };
}

function normal(next: () => number): number {
  return Math.sqrt(-2 * Math.log(next())) * Math.cos(2 * Math.PI * next());
}
