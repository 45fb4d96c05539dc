import { StepError } from "../../engine/step-type.ts";

/** How much an archive may hold; counted while it is unpacked, whatever it says of itself. */
export interface Limits {
  /** Files, folders and what is left out, together. 2,000,000 where nothing is said: twice the largest sets of pictures. */
  readonly entries: number;
  /** Of all contents together. 2^40 (1 TiB) where nothing is said. */
  readonly bytes: number;
  /**
   * Unpacked bytes per byte of the archive: 100 where nothing is said. Pictures
   * give 1, text up to 20; a format cannot give more than 1,032 but by trickery.
   * The first 64 MiB are never too many.
   */
  readonly ratio: number;
}

export const defaultLimits: Limits = { entries: 2_000_000, bytes: 2 ** 40, ratio: 100 };

const ALWAYS_ALLOWED = 2 ** 26;

/** Counts what comes out of an archive. */
export interface Tally {
  /** @throws StepError beyond the limit. */
  countEntries(more: number): void;
  /** @throws StepError beyond a limit. */
  countBytes(more: number): void;
}

/** @param archive its name for messages, and its size. */
export function tallyOf(archive: { readonly shown: string; readonly size: number }, limits: Limits): Tally {
  const mostByRatio = Math.max(ALWAYS_ALLOWED, archive.size * limits.ratio);
  let entries = 0;
  let bytes = 0;
  const refuse = (what: string): never => {
    throw new StepError(
      `${archive.shown} is not unpacked: it holds ${what}; where that is as it should be, unpack it yourself and give the folder`,
    );
  };
  return {
    countEntries(more) {
      entries += more;
      if (entries > limits.entries) refuse(`more than ${grouped(limits.entries)} entries`);
    },
    countBytes(more) {
      bytes += more;
      if (bytes > limits.bytes) refuse(`more than ${grouped(limits.bytes)} bytes`);
      if (bytes > mostByRatio) refuse(`more than ${grouped(limits.ratio)} times its own size`);
    },
  };
}

function grouped(count: number): string {
  return count.toLocaleString("en-US");
}
