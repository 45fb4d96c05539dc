import { open } from "node:fs/promises";
import { StepError } from "../../../engine/step-type.ts";

/**
 * Arrays on disk as NumPy writes them: format 1.0, little-endian, C order
 * (numpy.org/doc/stable/reference/generated/numpy.lib.format.html).
 */
const magic = Buffer.from([0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59, 1, 0]);

/** float32, float16, uint8 and uint32 as NumPy spells them. */
export type NpyType = "<f4" | "<f2" | "|u1" | "<u4";

export interface NpyArray {
  readonly type: NpyType;
  readonly shape: readonly number[];
}

/** One for others: int64, too, which flow itself does not read. */
interface NpyToWrite extends Pick<NpyArray, "shape"> {
  readonly type: NpyType | "<i8";
}

/** A file that is being written, from its first value to its last. */
export interface NpyWriter {
  append(values: NodeJS.ArrayBufferView): Promise<void>;
  close(): Promise<void>;
}

export async function createNpy(file: string, array: NpyToWrite): Promise<NpyWriter> {
  const handle = await open(file, "w");
  const append = (values: NodeJS.ArrayBufferView): Promise<void> =>
    handle.writeFile(new Uint8Array(values.buffer, values.byteOffset, values.byteLength));
  await append(headerOf(array));
  return { append, close: () => handle.close() };
}

/** Bytes before the first value. */
export function headerLength(array: NpyArray): number {
  return headerOf(array).length;
}

/** @throws StepError where the file is no array of these types. */
export async function readHeader(
  file: string,
  read: (into: Uint8Array, position: number) => Promise<number>,
): Promise<NpyArray & { readonly offset: number }> {
  const start = Buffer.alloc(10);
  await read(start, 0);
  if (!start.subarray(0, 8).equals(magic)) throw new StepError(`${file} is no .npy file of format 1.0`);
  const length = start.readUInt16LE(8);
  const text = Buffer.alloc(length);
  await read(text, 10);
  const match =
    /'descr': '(<f4|<f2|\|u1|<u4)', 'fortran_order': False, 'shape': \((\d+,(?: \d+)?(?:, \d+)*)\)/.exec(
      text.toString("latin1"),
    );
  if (match === null) throw new StepError(`${file} is no array in C order of a type that flow writes`);
  const [, type, shape = ""] = match;
  return {
    type: type as NpyType,
    shape: shape
      .split(",")
      .filter((size) => size !== "")
      .map(Number),
    offset: 10 + length,
  };
}

function headerOf({ type, shape }: NpyToWrite): Buffer {
  const sizes = shape.length === 1 ? `${shape[0]},` : shape.join(", ");
  const text = `{'descr': '${type}', 'fortran_order': False, 'shape': (${sizes}), }`;
  // The data begin at a multiple of 64 bytes; the header ends with a line feed.
  const length = Math.ceil((magic.length + 2 + text.length + 1) / 64) * 64 - magic.length - 2;
  const bytes = Buffer.alloc(magic.length + 2 + length, " ");
  magic.copy(bytes);
  bytes.writeUInt16LE(length, magic.length);
  bytes.write(text, magic.length + 2, "latin1");
  bytes.write("\n", bytes.length - 1, "latin1");
  return bytes;
}
