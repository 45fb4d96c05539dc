import type { Filter } from "../preprocessing.ts";

export type SmoothFilter = Exclude<Filter, "nearest">;

/** 8 bits for the value, two for sums that go beyond it. */
export const PRECISION = 32 - 8 - 2;

/** Of each pixel of the result, on one axis. */
export interface Weights {
  /** The source pixels that count for any of them. */
  readonly start: number;
  readonly length: number;
  /** The first, from `start` on, that counts for a pixel, and how many do. */
  readonly first: Int32Array;
  readonly count: Int32Array;
  /** `widest` to a pixel, in units of 2^-PRECISION. */
  readonly values: Int32Array;
  readonly widest: number;
}

/** Pillow's precompute_coeffs and normalize_coeffs_8bpc: the same doubles in the same order. */
export function weightsOf(
  filter: SmoothFilter,
  source: { readonly length: number; readonly from: number; readonly to: number },
  size: number,
): Weights {
  const { support: narrowest, weight } = kernels[filter];
  const scale = (source.to - source.from) / size;
  const filterScale = Math.max(scale, 1);
  const support = narrowest * filterScale;
  const widest = Math.ceil(support) * 2 + 1;
  const inverse = 1 / filterScale;
  const first = new Int32Array(size);
  const count = new Int32Array(size);
  const values = new Int32Array(size * widest);
  const exact = new Float64Array(widest);
  for (let x = 0; x < size; x++) {
    const centre = source.from + (x + 0.5) * scale;
    const start = Math.max(0, Math.trunc(centre - support + 0.5));
    const length = Math.min(source.length, Math.trunc(centre + support + 0.5)) - start;
    let sum = 0;
    for (let at = 0; at < length; at++) {
      const value = weight((at + start - centre + 0.5) * inverse);
      exact[at] = value;
      sum += value;
    }
    for (let at = 0; at < length; at++) {
      const value = (sum === 0 ? (exact[at] as number) : (exact[at] as number) / sum) * 2 ** PRECISION;
      values[x * widest + at] = Math.trunc(value < 0 ? value - 0.5 : value + 0.5);
    }
    first[x] = start;
    count[x] = length;
  }
  const start = first[0] as number;
  const end = (first[size - 1] as number) + (count[size - 1] as number);
  return {
    ...{ start, length: end - start, count, values, widest },
    first: first.map((position) => position - start),
  };
}

interface Kernel {
  /** How far from the centre a pixel counts, in pixels of the coarser side. */
  readonly support: number;
  weight(x: number): number;
}

const kernels: Readonly<Record<SmoothFilter, Kernel>> = {
  box: { support: 0.5, weight: (x) => (x > -0.5 && x <= 0.5 ? 1 : 0) },
  bilinear: { support: 1, weight: (x) => Math.max(0, 1 - Math.abs(x)) },
  hamming: {
    support: 1,
    weight(x) {
      if (x === 0) return 1;
      if (Math.abs(x) >= 1) return 0;
      const angle = Math.abs(x) * Math.PI;
      // Single precision, in Pillow too.
      return (Math.sin(angle) / angle) * (Math.fround(0.54) + Math.fround(0.46) * Math.cos(angle));
    },
  },
  bicubic: {
    support: 2,
    weight(signed) {
      const a = -0.5;
      const x = Math.abs(signed);
      if (x < 1) return ((a + 2) * x - (a + 3)) * x * x + 1;
      return x < 2 ? (((x - 5) * x + 8) * x - 4) * a : 0;
    },
  },
  lanczos: { support: 3, weight: (x) => (x >= -3 && x < 3 ? sinc(x) * sinc(x / 3) : 0) },
};

function sinc(x: number): number {
  if (x === 0) return 1;
  const angle = x * Math.PI;
  return Math.sin(angle) / angle;
}
