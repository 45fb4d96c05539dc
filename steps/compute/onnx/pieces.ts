import { type FileHandle, open } from "node:fs/promises";
import { StepError } from "../../../engine/step-type.ts";
import { encodeMessage } from "./protobuf.ts";

/** A part of a message: bytes, or a part of a file that is read when all is put together. */
export type Piece = Uint8Array | FilePiece;

export interface FilePiece {
  readonly file: string;
  /** From `start` up to `end`, without it. */
  readonly start: number;
  readonly end: number;
}

/** What protocol buffers can hold, and every program that reads them. */
const MOST_BYTES = 2 ** 31 - 1;

/** A field that holds what the pieces make. */
export function messageOf(field: number, pieces: readonly Piece[]): readonly Piece[] {
  const length = pieces.reduce((sum, piece) => sum + lengthOf(piece), 0);
  return [encodeMessage((writer) => writer.head(field, length)), ...pieces];
}

/**
 * Puts pieces together.
 *
 * @throws StepError where they are too many bytes, or a file is too short.
 */
export async function joined(pieces: readonly Piece[], name: string): Promise<Uint8Array> {
  const length = pieces.reduce((sum, piece) => sum + lengthOf(piece), 0);
  if (length > MOST_BYTES) {
    throw new StepError(
      `${name} and the files of its weights are ${(length / 1e9).toFixed(1)} GB, and a network can have 2.1: save it with smaller numbers (float16), or cut it at an earlier layer`,
    );
  }
  const bytes = Buffer.allocUnsafe(length);
  const handles = new Map<string, FileHandle>();
  try {
    let at = 0;
    for (const piece of pieces) {
      if (piece instanceof Uint8Array) bytes.set(piece, at);
      else {
        const handle = handles.get(piece.file) ?? (await open(piece.file, "r"));
        handles.set(piece.file, handle);
        await fill(bytes.subarray(at, at + lengthOf(piece)), handle, piece);
      }
      at += lengthOf(piece);
    }
  } finally {
    for (const handle of handles.values()) await handle.close();
  }
  return bytes;
}

function lengthOf(piece: Piece): number {
  return piece instanceof Uint8Array ? piece.length : piece.end - piece.start;
}

async function fill(into: Buffer, handle: FileHandle, { file, start }: FilePiece): Promise<void> {
  for (let done = 0; done < into.length; ) {
    const { bytesRead } = await handle.read(into, done, into.length - done, start + done);
    if (bytesRead === 0) throw new StepError(`${file} ends before its weights do: it is cut short`);
    done += bytesRead;
  }
}
