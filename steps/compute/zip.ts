import type { Readable } from "node:stream";
import { type Entry, openPromise } from "yauzl";

/** A file in a zip file. Its name is whatever the archive says, and is no path to write to. */
export interface ZipEntry {
  readonly name: string;
  /** Unpacked, as the archive says; a stream that gives another number of bytes fails. */
  readonly bytes: number;
  /** Whether it stands for a symbolic link; then its content is where the link leads. */
  readonly isLink: boolean;
}

/** `S_IFMT` and `S_IFLNK` of stat(2); zip files made on Unix have a file's mode in the upper half of its attributes. */
const FORMAT = 0o170000;
const LINK = 0o120000;

export interface Zip {
  /** By name; of two with one name the last. */
  readonly entries: ReadonlyMap<string, ZipEntry>;
  open(entry: ZipEntry): Promise<Readable>;
  close(): void;
}

/** @throws Error where it is no zip file, or is damaged. */
export async function openZip(path: string): Promise<Zip> {
  const zip = await openPromise(path, { autoClose: false });
  try {
    const entries = new Map<string, ZipEntry>();
    const known = new Map<ZipEntry, Entry>();
    for await (const found of zip.eachEntry()) {
      const isLink = ((found.externalFileAttributes >>> 16) & FORMAT) === LINK;
      const entry = { name: found.fileName, bytes: found.uncompressedSize, isLink };
      entries.set(entry.name, entry);
      known.set(entry, found);
    }
    return {
      entries,
      open: (entry) => zip.openReadStreamPromise(known.get(entry) as Entry),
      close: () => zip.close(),
    };
  } catch (error) {
    zip.close();
    throw error;
  }
}
