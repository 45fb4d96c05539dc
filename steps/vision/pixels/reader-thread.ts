import { parentPort, workerData } from "node:worker_threads";
import { StepError } from "../../../engine/step-type.ts";
import type { Preprocessing } from "../preprocessing.ts";
import { goneText, refuseOther } from "./in-source.ts";
import { decodePixels, ImageError, readPicture } from "./pixels.ts";
import type { View } from "./view.ts";

// A thread that decodes what it is asked for, one picture after the other.

export type ReaderSetup = Omit<Preprocessing, "scaling"> & {
  /** What raises `maxPixels`, for messages. */
  readonly raisedBy?: string;
};

export interface Picture {
  /** Absolute; of a picture that is in no file, what it is called. */
  readonly file: string;
  /** Its content, where that is not read from the file. */
  readonly bytes?: Uint8Array;
  /** `sha256:<hex>` that its bytes must have; absent where nobody but flow could have changed them. */
  readonly digest?: string;
  /** How it is to be seen; absent: as it is. */
  readonly view?: View;
}

export interface Request extends Picture {
  readonly id: number;
}

/** With what was spent on it, in milliseconds. */
export type Answer = { readonly id: number; readonly reading: number; readonly decoding: number } & (
  | { readonly kind: "pixels"; readonly pixels: Uint8Array }
  | { readonly kind: "image"; readonly file: string; readonly reason: string }
  | { readonly kind: "step"; readonly message: string }
  | { readonly kind: "error"; readonly message: string; readonly code?: string; readonly stack?: string }
);

const setup = workerData as ReaderSetup;
let last: Promise<void> = Promise.resolve();

parentPort?.on("message", (request: Request) => {
  last = last.then(() => answer(request));
});

async function answer({ id, file, bytes: given, digest, view }: Request): Promise<void> {
  const started = performance.now();
  let read = started;
  const spent = () => ({ id, reading: read - started, decoding: performance.now() - read });
  try {
    const bytes = given ?? (await readPicture(file));
    if (digest !== undefined) refuseOther(file, bytes, digest);
    read = performance.now();
    const pixels = new Uint8Array(setup.size[0] * setup.size[1] * 3);
    await decodePixels(file, bytes, view === undefined ? setup : { ...setup, view }, pixels);
    parentPort?.postMessage({ ...spent(), kind: "pixels", pixels } satisfies Answer, [pixels.buffer]);
  } catch (error) {
    parentPort?.postMessage({ ...spent(), ...told(error as Error, file, digest) } satisfies Answer);
  }
}

/** An error as plain data. A picture that is gone from its place is not one that cannot be read. */
function told(error: Error & { code?: string }, file: string, digest: string | undefined) {
  if (error instanceof ImageError) {
    if (digest !== undefined && error.reason === "it is missing") {
      return {
        kind: "step",
        message: goneText(file),
      } as const;
    }
    return { kind: "image", file, reason: error.reason } as const;
  }
  if (error instanceof StepError) return { kind: "step", message: error.message } as const;
  const { message, code, stack } = error;
  return {
    kind: "error",
    message,
    ...(code === undefined ? {} : { code }),
    ...(stack === undefined ? {} : { stack }),
  } as const;
}
