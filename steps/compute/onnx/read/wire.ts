import { readSync } from "node:fs";
import { StepError } from "../../../../engine/step-type.ts";

/** Bytes of a file that are fetched as they are asked for: most of a model is weights, which nobody looks at. */
export interface ByteSource {
  /** What it is called in messages. */
  readonly name: string;
  readonly length: number;
  /** @param at below the length. */
  byte(at: number): number;
  read(range: Range): Buffer;
}

/** From `start` up to `end`, without it. */
export interface Range {
  readonly start: number;
  readonly end: number;
}

/** A field of a message. `body` is its value where that has a length, and empty otherwise. */
export interface Field {
  readonly number: number;
  /** With its tag, as it stands in the file. */
  readonly whole: Range;
  readonly body: Range;
  /** Of a varint, as int64 reads it. */
  readonly value?: number;
}

const WINDOW = 2 ** 16;

/** @param descriptor of an open file. */
export function fileSource(name: string, descriptor: number, length: number): ByteSource {
  let start = 0;
  let window: Buffer = Buffer.alloc(0);
  const fetched = (from: number, bytes: number): Buffer => {
    const buffer = Buffer.alloc(bytes);
    let done = 0;
    while (done < bytes) {
      const read = readSync(descriptor, buffer, done, bytes - done, from + done);
      // It has become shorter.
      if (read === 0) throw damaged(name);
      done += read;
    }
    return buffer;
  };
  return {
    name,
    length,
    byte(at) {
      if (at < start || at >= start + window.length) {
        window = fetched(at, Math.min(WINDOW, length - at));
        start = at;
      }
      return window[at - start] as number;
    },
    read: (range) => fetched(range.start, range.end - range.start),
  };
}

/** Bytes that are there already. */
export function memorySource(name: string, bytes: Uint8Array): ByteSource {
  return {
    name,
    length: bytes.length,
    byte: (at) => bytes[at] as number,
    read: ({ start, end }) => Buffer.from(bytes.subarray(start, end)),
  };
}

/** What a file is that does not read as a model. */
export function damaged(name: string): StepError {
  return new StepError(`${name} is no ONNX model, or is damaged or cut short`);
}

/**
 * The fields of a protocol buffer message, in the order of the file.
 *
 * @throws StepError where a length leads out of the message, or something is no field.
 */
export function* fieldsOf(source: ByteSource, { start, end }: Range): Generator<Field> {
  let at = start;
  while (at < end) {
    const tag = varint(source, at, end);
    const number = Math.floor(tag.value / 8);
    if (!(number >= 1 && number < 2 ** 29)) throw damaged(source.name);
    const [body, value] = bodyOf(source, { start: tag.end, end }, tag.value % 8);
    if (body.end > end) throw damaged(source.name);
    const whole = { start: at, end: body.end };
    yield { number, whole, body, ...(value === undefined ? {} : { value }) };
    at = body.end;
  }
}

function bodyOf(source: ByteSource, { start, end }: Range, wireType: number): readonly [Range, number?] {
  switch (wireType) {
    case 0: {
      const { value, end: behind } = varint(source, start, end);
      return [{ start: behind, end: behind }, value];
    }
    case 1:
      return [{ start: start + 8, end: start + 8 }];
    case 2: {
      const length = varint(source, start, end);
      if (length.value < 0) throw damaged(source.name);
      return [{ start: length.end, end: length.end + length.value }];
    }
    case 5:
      return [{ start: start + 4, end: start + 4 }];
    default:
      // Groups are of an older time: no ONNX model has one.
      throw damaged(source.name);
  }
}

/** The numbers of a repeated field, which stand one in a field or all in one. */
export function integersOf(source: ByteSource, { value, body }: Field): readonly number[] {
  if (value !== undefined) return [value];
  const values: number[] = [];
  for (let at = body.start; at < body.end; ) {
    const next = varint(source, at, body.end);
    values.push(next.value);
    at = next.end;
  }
  return values;
}

/** @throws StepError where it is not UTF-8. */
export function textOf(source: ByteSource, { body }: Field): string {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(source.read(body));
  } catch (error) {
    if (error instanceof TypeError) throw damaged(source.name);
    throw error;
  }
}

function varint(source: ByteSource, start: number, end: number): { value: number; end: number } {
  let value = 0;
  for (let at = start; at < end; at++) {
    const byte = source.byte(at);
    const place = at - start;
    // Seven bytes fit into a double; more are rare: negative numbers have ten.
    if (place === 7) return longVarint(source, start, end);
    value += (byte & 127) * 2 ** (7 * place);
    if (byte < 128) return { value, end: at + 1 };
  }
  throw damaged(source.name);
}

function longVarint(source: ByteSource, start: number, end: number): { value: number; end: number } {
  let value = 0n;
  for (let at = start; at < Math.min(end, start + 10); at++) {
    const byte = source.byte(at);
    value |= BigInt(byte & 127) << BigInt(7 * (at - start));
    if (byte < 128) return { value: Number(BigInt.asIntN(64, value)), end: at + 1 };
  }
  throw damaged(source.name);
}

/** ONNX' own domain has two names. */
export function domainOf(name: string): string {
  return name === "ai.onnx" ? "" : name;
}
