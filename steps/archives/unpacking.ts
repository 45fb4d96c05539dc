import { StepError } from "../../engine/step-type.ts";
import type { Destination } from "./destination.ts";
import { shownName } from "./entry-path.ts";
import type { Tally } from "./tally.ts";

/** An archive on its way into a folder. */
export interface Unpacking {
  /** The archive's path. */
  readonly archive: string;
  /** The same for messages. */
  readonly shown: string;
  readonly size: number;
  readonly destination: Destination;
  readonly tally: Tally;
  readonly signal: AbortSignal;
}

/** Files up to this size are read whole and written beside each other. */
export const SMALL_BYTES = 2 ** 20;
export const LANES = 16;

/** What reading failed with, as the user gets it: a library's word on damage becomes a sentence. */
export function readingFailure({ shown }: Unpacking, error: unknown, entry?: string): unknown {
  const isOther = !(error instanceof Error) || error instanceof StepError || error instanceof TypeError;
  if (isOther || "syscall" in error) return error;
  const where = entry === undefined ? "" : ` at ${shownName(entry)}`;
  return new StepError(`${shown} is not unpacked: it is damaged or cut short${where}`, { cause: error });
}

/** The content of an entry, which is broken off when the step is, and fails in words for the user. */
export async function* contentOf(
  unpacking: Unpacking,
  entry: string,
  content: AsyncIterable<Buffer>,
): AsyncGenerator<Buffer> {
  try {
    for await (const chunk of content) {
      unpacking.signal.throwIfAborted();
      yield chunk;
    }
  } catch (error) {
    throw readingFailure(unpacking, error, entry);
  }
}
