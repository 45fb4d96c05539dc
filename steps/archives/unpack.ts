import { stat } from "node:fs/promises";
import { resolve } from "node:path";
import { printableLine } from "../../engine/printable.ts";
import { StepError } from "../../engine/step-type.ts";
import { destinationAt } from "./destination.ts";
import { shownName } from "./entry-path.ts";
import { kindOfArchive } from "./kinds.ts";
import { defaultLimits, type Limits, tallyOf } from "./tally.ts";
import { unpackTar } from "./unpack-tar.ts";
import { unpackZip } from "./unpack-zip.ts";
import type { Unpacking } from "./unpacking.ts";

export { archiveStem, isArchive } from "./kinds.ts";
export type { Limits } from "./tally.ts";

export interface UnpackOptions {
  /** Looked at between chunks. */
  readonly signal: AbortSignal;
  readonly limits?: Partial<Limits>;
}

export interface Unpacked {
  readonly files: number;
  /** Of all files together. */
  readonly bytes: number;
  /** What a person should know: one sentence each, with the archive's name. */
  readonly notes: readonly string[];
}

/**
 * Unpacks a zip file, or a tar file that may be compressed with gzip. What it is
 * is read from its first bytes, not from its name.
 *
 * Nothing is written outside the folder, whatever the archive says; nor links,
 * devices, or two files of one name. Owners, modes and times are not taken over.
 * What macOS leaves in archives is left out. Afterwards there is everything, or
 * nothing of it.
 *
 * @param folder the step's own: it is not there, or empty. For shards that may
 *   have the same names in them, one folder each.
 * @throws StepError where the archive is damaged, not to be trusted, beyond a
 *   limit, or of a kind that is not read: one sentence that names it and the
 *   entry. The signal's reason where it is aborted. What the disk says, as it is.
 */
export async function unpack(archive: string, folder: string, options: UnpackOptions): Promise<Unpacked> {
  const { signal } = options;
  signal.throwIfAborted();
  const { size } = await stat(archive);
  const shown = printableLine(archive);
  const tally = tallyOf({ shown, size }, { ...defaultLimits, ...options.limits });
  const kind = await readKind(archive, shown);
  const destination = destinationAt(resolve(folder), { shown, tally });
  const unpacking: Unpacking = { archive, shown, size, destination, tally, signal };
  try {
    await (kind === "zip" ? unpackZip(unpacking) : unpackTar(unpacking, kind === "gzip"));
    const { files, bytes } = destination;
    return { files, bytes, notes: notesOn(unpacking, kind === "zip" ? "code page 437" : "Latin-1") };
  } catch (error) {
    // Why it came to this says more than what cannot be removed.
    await destination.remove().catch(() => undefined);
    signal.throwIfAborted();
    throw error;
  }
}

async function readKind(archive: string, shown: string): Promise<"zip" | "tar" | "gzip"> {
  const found = await kindOfArchive(archive);
  switch (found.kind) {
    case "zip":
    case "tar":
    case "gzip":
      return found.kind;
    case "unread":
      throw new StepError(
        `${shown} is packed with ${found.format}, which is not read; unpack it yourself and give the folder, or pack it as zip, tar or tar.gz`,
      );
    case "empty":
      throw new StepError(`${shown} is empty, not an archive`);
    case "none":
      throw new StepError(
        `${shown} is no archive that is read: zip, tar and tar.gz are, and it begins like none of them`,
      );
    default:
      return found satisfies never;
  }
}

function notesOn({ shown, destination }: Unpacking, encoding: string): readonly string[] {
  const notes: string[] = [];
  const { files, leftOut, guessed } = destination;
  if (files === 0) notes.push(`${shown} holds no files`);
  if (leftOut > 0) {
    const what = leftOut === 1 ? "1 file" : `${leftOut} files`;
    notes.push(`${shown} holds ${what} that macOS left there (__MACOSX, .DS_Store): left out`);
  }
  if (guessed.count > 0) {
    const whose = guessed.count === 1 ? "1 file" : `${guessed.count} files`;
    notes.push(
      `${shown} does not say how the names of ${whose} are encoded: they are read as UTF-8, or else as ${encoding}, such as ${shownName(guessed.first)}`,
    );
  }
  return notes;
}
