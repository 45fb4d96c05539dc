import { type FileHandle, open } from "node:fs/promises";
import { StepError } from "../../../engine/step-type.ts";

/**
 * Matrices on disk as NumPy writes them: format 1.0, little-endian float32, C
 * order (numpy.org/doc/stable/reference/generated/numpy.lib.format.html).
 */
const magic = Buffer.from([0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59, 1, 0]);

/** Writes `rows` × `columns` float32 values. */
export async function writeNpy(
  file: string,
  data: Float32Array,
  rows: number,
  columns: number,
): Promise<void> {
  if (data.length !== rows * columns) throw new Error(`${data.length} values are not ${rows} × ${columns}`);
  const handle = await open(file, "w");
  try {
    await handle.writeFile(header(rows, columns));
    await handle.writeFile(new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
  } finally {
    await handle.close();
  }
}

/** An open matrix, read row by row. */
export interface NpyFile {
  readonly rows: number;
  readonly columns: number;
  /** Reads `count` rows from `first` on into `into` at element `at`. */
  read(first: number, count: number, into: Float32Array, at: number): Promise<void>;
  close(): Promise<void>;
}

/** @throws StepError where the file is no float32 matrix. */
export async function openNpy(file: string): Promise<NpyFile> {
  const handle = await open(file, "r");
  try {
    const { rows, columns, offset } = await readHeader(handle, file);
    return {
      rows,
      columns,
      async read(first, count, into, at) {
        const bytes = count * columns * 4;
        const view = new Uint8Array(into.buffer, into.byteOffset + at * 4, bytes);
        const { bytesRead } = await handle.read(view, 0, bytes, offset + first * columns * 4);
        if (bytesRead !== bytes) throw new StepError(`${file} ends before row ${first + count}`);
      },
      close: () => handle.close(),
    };
  } catch (error) {
    await handle.close();
    throw error;
  }
}

function header(rows: number, columns: number): Buffer {
  const text = `{'descr': '<f4', 'fortran_order': False, 'shape': (${rows}, ${columns}), }`;
  // The data begin at a multiple of 64 bytes; the header ends with a line feed.
  const length = Math.ceil((magic.length + 2 + text.length + 1) / 64) * 64 - magic.length - 2;
  const bytes = Buffer.alloc(magic.length + 2 + length, " ");
  magic.copy(bytes);
  bytes.writeUInt16LE(length, magic.length);
  bytes.write(text, magic.length + 2, "latin1");
  bytes.write("\n", bytes.length - 1, "latin1");
  return bytes;
}

async function readHeader(
  handle: FileHandle,
  file: string,
): Promise<{ rows: number; columns: number; offset: number }> {
  const start = Buffer.alloc(10);
  await handle.read(start, 0, 10, 0);
  if (!start.subarray(0, 8).equals(magic)) throw new StepError(`${file} is no .npy file of format 1.0`);
  const length = start.readUInt16LE(8);
  const text = Buffer.alloc(length);
  await handle.read(text, 0, length, 10);
  const match = /'descr': '<f4', 'fortran_order': False, 'shape': \((\d+), (\d+)\)/.exec(
    text.toString("latin1"),
  );
  if (match === null) throw new StepError(`${file} is no float32 matrix in C order`);
  return { rows: Number(match[1]), columns: Number(match[2]), offset: 10 + length };
}
