import { statfs } from "node:fs/promises";
import { MachineError } from "../../engine/step-type.ts";
import type { Version } from "./version.ts";

/** Where the bytes of a file go, and what is there of them from an earlier fetch. */
export interface Sink {
  /** Begins the file, in place of whatever was begun before. */
  begin(beginning: Beginning): Promise<void>;
  /** Appends. */
  add(bytes: Uint8Array): Promise<void>;
  /** Nothing comes for now: what was added is to outlast this process. */
  rest(): Promise<void>;
  /** The bytes were not what they should be: nothing of them is to be there the next time. */
  forget(): Promise<void>;
}

export interface Beginning {
  /** Absent where the server does not name one: then nothing can be kept for later. */
  readonly version?: Version;
  /** Absent where the server does not say. */
  readonly bytes?: number;
  /** Whether to go on from what is there of the version, or to write it anew. */
  readonly from: "what is there" | "nothing";
  /** Is given what is there, in order. */
  see(bytes: Uint8Array): void;
}

/** @throws MachineError where a disk has not so many bytes left. */
export async function requireRoom(folder: string, bytes: number): Promise<void> {
  const { bavail, bsize } = await statfs(folder);
  const left = bavail * bsize;
  if (bytes <= left) return;
  throw new MachineError(
    `the file takes ${sizeText(bytes)} while it is fetched, and the disk has ${sizeText(left)} left: ${folder}`,
  );
}

function sizeText(bytes: number): string {
  return bytes < 1e9 ? `${(bytes / 1e6).toFixed(0)} MB` : `${(bytes / 1e9).toFixed(1)} GB`;
}
