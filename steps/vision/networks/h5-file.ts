import { closeSync, openSync } from "node:fs";
import h5wasm, { type Attribute, Dataset, File, Group } from "h5wasm/node";
import { StepError } from "../../../engine/step-type.ts";
import { lengthOf, type Tensor } from "../graph/graph.ts";
import { float16 } from "./float16.ts";

export { Dataset, Group } from "h5wasm/node";

/**
 * Opens an HDF5 file for as long as `read` takes.
 *
 * @param name what people know the file by.
 * @throws StepError where it is none, is cut short or damaged.
 */
export async function withH5File<Result>(
  path: string,
  name: string,
  read: (file: Group) => Result,
): Promise<Result> {
  const library = await h5wasm.ready;
  // Errors as exceptions, not as pages on stderr.
  library.activate_throwing_error_handler();
  const file = openFile(path, name);
  try {
    return read(file);
  } catch (error) {
    if (error instanceof StepError) throw error;
    // HDF5's own words are about its insides, and may hold any bytes.
    throw new StepError(`${name} is damaged, or cut short`);
  } finally {
    file.close();
  }
}

function openFile(path: string, name: string): File {
  try {
    return new File(path, "r");
  } catch {
    // HDF5 does not tell a file that cannot be read from one that is none.
    closeSync(openSync(path, "r"));
    throw new StepError(`${name} is no HDF5 file, or is cut short`);
  }
}

/** An HDF5 file that is being written: the same bytes for the same content. */
export interface H5Writer {
  /** All at once: nothing else runs meanwhile. @throws StepError where it cannot be written. */
  write<Result>(work: (file: Group) => Result): Result;
  close(): void;
}

/** @throws StepError where it cannot be written. */
export async function createH5File(path: string): Promise<H5Writer> {
  const library = await h5wasm.ready;
  library.activate_throwing_error_handler();
  const attempt = <Result>(work: () => Result): Result => {
    try {
      return atNoTime(work);
    } catch (error) {
      // HDF5's own words are about its insides.
      const [why] = (error as Error).message.split("\n");
      throw new StepError(`${path} cannot be written, or is too large for HDF5 here (${why})`);
    }
  };
  // In the layout that every HDF5 reads.
  const file = attempt(() => new File(path, "w", { libver: ["earliest", "latest"] }));
  return {
    write: (work) => attempt(() => work(file)),
    close: () => void attempt(() => file.close()),
  };
}

/** Writes an HDF5 file at once. @throws StepError where it cannot be written. */
export async function writeH5File(path: string, write: (file: Group) => void): Promise<void> {
  const file = await createH5File(path);
  try {
    file.write(write);
  } finally {
    file.close();
  }
}

/** HDF5 writes into each data set when it was made, and cannot be told not to. */
function atNoTime<Result>(work: () => Result): Result {
  const { now } = Date;
  Date.now = () => 0;
  try {
    return work();
  } finally {
    Date.now = now;
  }
}

/** A list of names in an attribute; a long one is split into `<name>0`, `<name>1`, … */
export function namesIn(group: Group, attribute: string): readonly string[] | undefined {
  const { attrs } = group;
  const whole = attrs[attribute];
  if (whole !== undefined) return strings(whole);
  const parts: string[] = [];
  for (let at = 0; attrs[`${attribute}${at}`] !== undefined; at++) {
    parts.push(...strings(attrs[`${attribute}${at}`] as Attribute));
  }
  return parts.length > 0 ? parts : undefined;
}

export function textIn(group: Group, attribute: string): string | undefined {
  const value = group.attrs[attribute]?.value;
  return typeof value === "string" ? value : undefined;
}

function strings(attribute: Attribute): readonly string[] {
  const { value } = attribute;
  if (Array.isArray(value)) return value.map(String);
  // An empty list has no text but a typed array.
  return typeof value === "string" ? [value] : [];
}

/** A file can claim any size for what it does not hold; what is compressed is not much smaller than this. */
const MOST_BYTES = 2 ** 31;

/**
 * A data set as float32 values, whatever kind of numbers it holds.
 *
 * @param what names it in messages.
 */
export function tensorIn(data: Dataset, what: string): Tensor {
  const { metadata } = data;
  const shape = metadata.shape ?? [];
  const length = lengthOf(shape);
  if (!(length * metadata.size <= MOST_BYTES))
    throw new StepError(`${what} is ${shape.join(" × ")}, which is too large`);
  const isHalf = metadata.type === FLOAT && metadata.size === 2;
  // The library does not know such numbers: their bits are read as whole ones.
  if (isHalf) Object.assign(metadata, { type: INTEGER, signed: false });
  const { value } = data;
  const values = typeof value === "number" || typeof value === "bigint" ? [Number(value)] : value;
  if (!ArrayBuffer.isView(values) && !Array.isArray(values)) throw new StepError(`${what} holds no numbers`);
  if (values instanceof Float32Array) return { shape, data: values };
  const numbers = Array.from(values as ArrayLike<number | bigint>, Number);
  if (numbers.length !== length) throw new StepError(`${what} holds no numbers`);
  const isBrain = data.attrs.dtype?.value === "bfloat16";
  return {
    shape,
    data: Float32Array.from(numbers, isBrain ? bfloat16 : isHalf ? float16 : (undefined as never)),
  };
}

const INTEGER = 0;
const FLOAT = 1;

/** The upper half of a float32, as Keras stores it. */
function bfloat16(bits: number): number {
  return new Float32Array(Uint32Array.of(bits << 16).buffer)[0] as number;
}

export function isDataset(entry: unknown): entry is Dataset {
  return entry instanceof Dataset;
}

export function isGroup(entry: unknown): entry is Group {
  return entry instanceof Group;
}
