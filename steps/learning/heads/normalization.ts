import { open, readFile, stat } from "node:fs/promises";
import { StepError } from "../../../engine/step-type.ts";

/** What is done to a row before the first layer. */
export type Normalization =
  /** Divided by its length; a row of zeros stays. */
  | { readonly kind: "l2" }
  /** (value − mean) / scale, by position in the row. */
  | { readonly kind: "standard"; readonly mean: Float64Array; readonly scale: Float64Array };

/** In place. `values`: rows, one after the other. */
export function normalize(values: Float32Array, rowLength: number, normalization: Normalization): void {
  for (let at = 0; at < values.length; at += rowLength) {
    const row = values.subarray(at, at + rowLength);
    switch (normalization.kind) {
      case "l2": {
        const length = lengthOf(row);
        if (length === 0) continue;
        for (let i = 0; i < row.length; i++) row[i] = (row[i] as number) / length;
        break;
      }
      case "standard": {
        const { mean, scale } = normalization;
        for (let i = 0; i < row.length; i++) {
          row[i] = ((row[i] as number) - (mean[i] as number)) / (scale[i] as number);
        }
        break;
      }
      default:
        normalization satisfies never;
    }
  }
}

/** Mean and standard deviation of rows, by position, in float64 and one pass (Welford, 1962). */
export interface Statistics {
  add(row: Float32Array): void;
  /** A position that never changes has the scale 1. */
  standard(): Normalization & { readonly kind: "standard" };
}

export function openStatistics(rowLength: number): Statistics {
  const mean = new Float64Array(rowLength);
  const squares = new Float64Array(rowLength);
  let count = 0;
  return {
    add(row) {
      count++;
      for (let i = 0; i < rowLength; i++) {
        const value = row[i] as number;
        const off = value - (mean[i] as number);
        mean[i] = (mean[i] as number) + off / count;
        squares[i] = (squares[i] as number) + off * (value - (mean[i] as number));
      }
    },
    standard: () => ({ kind: "standard", mean, scale: squares.map((sum) => Math.sqrt(sum / count) || 1) }),
  };
}

/** Mean, then scale: float64, little-endian. */
export async function writeStandard(
  path: string,
  { mean, scale }: Normalization & { readonly kind: "standard" },
): Promise<void> {
  const file = await open(path, "w");
  try {
    for (const array of [mean, scale]) await file.writeFile(new Uint8Array(array.buffer));
  } finally {
    await file.close();
  }
}

/** @throws StepError where the file is shorter or longer, or not all its numbers are finite. */
export async function readStandard(path: string, rowLength: number): Promise<Normalization> {
  const [expected, { size }] = [2 * 8 * rowLength, await stat(path)];
  if (size !== expected) throw new StepError(`${path} has ${size} bytes where ${expected} belong`);
  const bytes = await readFile(path);
  const numbers = new Float64Array(2 * rowLength);
  new Uint8Array(numbers.buffer).set(bytes);
  if (!numbers.every(Number.isFinite)) throw new StepError(`the numbers in ${path} are not all finite`);
  return { kind: "standard", mean: numbers.subarray(0, rowLength), scale: numbers.subarray(rowLength) };
}

function lengthOf(row: Float32Array): number {
  let sum = 0;
  for (const value of row) sum += value * value;
  return Math.sqrt(sum);
}
