import { StepError } from "../../engine/step-type.ts";
import { grouped } from "../../engine/wording.ts";

/** How much an archive may hold; counted while it is unpacked, whatever it says of itself. */
export interface Limits {
  /**
   * Entries, and folders that are made for them. 2,000,000 where nothing is said:
   * twice what the largest sets of pictures have.
   */
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
  /** What the archive says that it has: no need to begin. @throws StepError beyond the limit. */
  expectEntries(count: number): void;
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
  const checkEntries = (count: number): void => {
    if (count > limits.entries) refuse(`more than ${grouped(limits.entries)} entries`);
  };
  return {
    expectEntries: checkEntries,
    countEntries(more) {
      entries += more;
      checkEntries(entries);
    },
    countBytes(more) {
      bytes += more;
      if (bytes > limits.bytes) refuse(`more than ${grouped(limits.bytes)} bytes`);
      if (bytes > mostByRatio) refuse(`more than ${grouped(limits.ratio)} times its own size`);
    },
  };
}
