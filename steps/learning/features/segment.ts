import { existsSync } from "node:fs";
import { join } from "node:path";
import { StepError } from "../../../engine/step-type.ts";
import { fromHalf } from "./half.ts";
import { createNpy, headerLength, type NpyArray, readHeader } from "./npy.ts";
import type { OpenFiles } from "./open-files.ts";
import { type Bits, countNonZero, pack, unpack } from "./pack.ts";
import type { SpareMemory } from "./spare-memory.ts";

/**
 * The rows of a store entry, in float32 or float16. Either `rows.npy`, rows ×
 * width; or, where that takes less,
 *
 * - `mask.npy`, uint8, rows × ⌈width / 8⌉: which values are not zero (`pack.ts`),
 * - `values.npy`: these values, row after row,
 * - `counts.npy`, uint32: how many each row has, so that one can be read alone.
 */
const files = { rows: "rows.npy", mask: "mask.npy", values: "values.npy", counts: "counts.npy" } as const;

/** Packing has to save this part: unpacking takes the processor's time. */
const WORTH = 1 / 8;
/** Rows are packed this many bytes at a time. */
const CHUNK = 8 << 20;

/** @param rows bits of rows × width values: 32 for float32, 16 for float16. */
export async function writeSegment(folder: string, rows: Bits, width: number): Promise<void> {
  const count = rows.length / width;
  const type = rows.BYTES_PER_ELEMENT === 2 ? "<f2" : "<f4";
  const counts = Uint32Array.from({ length: count }, (_, row) =>
    countNonZero(rows.subarray(row * width, (row + 1) * width)),
  );
  const dense: NpyArray = { type, shape: [count, width] };
  const packed = {
    mask: { type: "|u1", shape: [count, Math.ceil(width / 8)] },
    values: { type, shape: [counts.reduce((sum, more) => sum + more, 0)] },
    counts: { type: "<u4", shape: [count] },
  } as const satisfies Record<string, NpyArray>;
  const bytes = Object.values(packed).reduce((sum, array) => sum + bytesOf(array), 0);
  if (bytes > bytesOf(dense) * (1 - WORTH)) return writeArray(join(folder, files.rows), dense, rows);
  await writeArray(join(folder, files.counts), packed.counts, counts);
  const mask = await createNpy(join(folder, files.mask), packed.mask);
  try {
    const values = await createNpy(join(folder, files.values), packed.values);
    try {
      for (const part of packedParts(rows, width)) {
        await mask.append(part.mask);
        await values.append(part.values);
      }
    } finally {
      await values.close();
    }
  } finally {
    await mask.close();
  }
}

function bytesOf(array: NpyArray): number {
  const size = { "<f4": 4, "<f2": 2, "|u1": 1, "<u4": 4 }[array.type];
  return headerLength(array) + array.shape.reduce((product, size) => product * size, size);
}

async function writeArray(file: string, array: NpyArray, values: NodeJS.ArrayBufferView): Promise<void> {
  const writer = await createNpy(file, array);
  try {
    await writer.append(values);
  } finally {
    await writer.close();
  }
}

/** A few rows at a time, so that packing takes little memory; each part takes the place of the one before. */
function* packedParts(rows: Bits, width: number): Generator<{ mask: Uint8Array; values: Bits }> {
  const step = Math.max(1, Math.floor(CHUNK / (width * rows.BYTES_PER_ELEMENT))) * width;
  const bytes = Math.ceil(width / 8);
  const length = Math.min(step, rows.length);
  const mask = new Uint8Array((length / width) * bytes);
  const values = rows.BYTES_PER_ELEMENT === 2 ? new Uint16Array(length) : new Int32Array(length);
  for (let at = 0; at < rows.length; at += step) {
    const part = rows.subarray(at, at + step);
    const kept = pack(part, width, mask, values);
    yield { mask: mask.subarray(0, (part.length / width) * bytes), values: values.subarray(0, kept) };
  }
}

/** Rows of an entry, read from disk as they are asked for. */
export interface SegmentRows {
  /** Reads `count` rows from `first` on into `into`, count × width. */
  read(first: number, count: number, into: Float32Array): Promise<void>;
}

export interface SegmentOptions {
  readonly width: number;
  readonly open: OpenFiles;
  readonly memory: SpareMemory;
}

/** @throws StepError where the folder holds no rows of this width. */
export async function openSegment(
  folder: string,
  { width, open, memory }: SegmentOptions,
): Promise<SegmentRows> {
  const isPacked = existsSync(join(folder, files.mask));
  const values = await openArray(join(folder, isPacked ? files.values : files.rows), open);
  const { type } = values;
  if (type !== "<f4" && type !== "<f2")
    throw new StepError(`${values.file} holds neither float32 nor float16`);
  if (!isPacked) {
    requireWidth(values, width);
    return {
      read: (first, count, into) => readFloats(values, first * width, into.subarray(0, count * width)),
    };
  }
  const bytes = Math.ceil(width / 8);
  const mask = await openArray(join(folder, files.mask), open);
  requireWidth(mask, bytes);
  const starts = await readStarts(await openArray(join(folder, files.counts), open));
  return {
    async read(first, count, into) {
      const [start = 0, end = 0] = [starts[first], starts[first + count]];
      const length = end - start;
      await memory.use(length * 4 + count * bytes, async (buffer) => {
        const kept = new Float32Array(buffer, 0, length);
        const bits = new Uint8Array(buffer, length * 4, count * bytes);
        const reads = [readValues(mask, first * bytes, bits), readFloats(values, start, kept)];
        // In a plain function: V8 compiles its loop to half the speed where it becomes part of an async one.
        const asked = await Promise.all(reads).then(() =>
          unpack(bits, bitsOf(kept), width, bitsOf(into.subarray(0, count * width))),
        );
        if (asked !== length)
          throw new StepError(`${folder} is damaged: its mask and its values do not fit together`);
      });
    },
  };
}

/** An array on disk. */
interface OpenArray extends NpyArray {
  readonly file: string;
  readonly offset: number;
  readonly open: OpenFiles;
}

async function openArray(file: string, open: OpenFiles): Promise<OpenArray> {
  return { file, open, ...(await readHeader(file, (into, position) => open.read(file, into, position))) };
}

function requireWidth({ file, shape }: OpenArray, width: number): void {
  if (shape.length !== 2 || shape[1] !== width)
    throw new StepError(`${file} holds rows of ${shape[1]} values, not ${width}`);
}

/** Where the values of each row begin, and where the last one's end. */
async function readStarts(counts: OpenArray): Promise<Float64Array> {
  const each = new Uint32Array(counts.shape[0] ?? 0);
  await readValues(counts, 0, each);
  const starts = new Float64Array(each.length + 1);
  for (let row = 0; row < each.length; row++)
    starts[row + 1] = (starts[row] as number) + (each[row] as number);
  return starts;
}

/** Fills `into` with values from `first` on, whichever of the two kinds of floats they are. */
function readFloats(array: OpenArray, first: number, into: Float32Array): Promise<void> {
  if (array.type === "<f4") return readValues(array, first, into);
  // Into the second half of the same memory: each is put in its place before that is needed.
  const halves = new Uint16Array(into.buffer, into.byteOffset + into.length * 2, into.length);
  return readValues(array, first, halves).then(() => fromHalf(halves, bitsOf(into)));
}

/** Fills `into` with values from `first` on, which have as many bytes each. */
async function readValues(
  { file, offset, open }: OpenArray,
  first: number,
  into: Float32Array | Uint16Array | Uint32Array | Uint8Array,
): Promise<void> {
  if (into.length === 0) return;
  const bytes = new Uint8Array(into.buffer, into.byteOffset, into.byteLength);
  const position = offset + first * into.BYTES_PER_ELEMENT;
  const count = await open.read(file, bytes, position);
  if (count !== bytes.length) throw new StepError(`${file} ends before value ${first + into.length}`);
}

function bitsOf(values: Float32Array): Int32Array {
  return new Int32Array(values.buffer, values.byteOffset, values.length);
}
