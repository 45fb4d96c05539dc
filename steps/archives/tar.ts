import { isUtf8 } from "node:buffer";
import type { Writable } from "node:stream";
import { extract, type Header } from "tar-stream";
import type { EntryHeader, EntryKind } from "./destination.ts";

export interface TarEntry extends EntryHeader {
  /** To be read, or drained, before the next entry. @throws Error where the archive is damaged. */
  readonly content: AsyncIterable<Buffer>;
}

export interface TarReader {
  /** What the archive is written to. */
  readonly input: Writable;
  /** One after the other, while it is written. @throws Error where the archive is damaged. */
  readonly entries: AsyncIterable<TarEntry>;
}

const BLOCK = 512;

/**
 * Reads a tar file (POSIX.1-1988, POSIX.1-2001, GNU) as it comes.
 *
 * tar-stream gives all that a decision needs: names as bytes, every pax record,
 * and nothing at all for kinds of entries that it does not know. Others replace what
 * is not UTF-8 in names, and unpack sparse files as if they were plain ones.
 *
 * @param length how many bytes have been written so far.
 */
export function tarReader(length: () => number): TarReader {
  // Latin-1 keeps the bytes; its types do not know these options. The unknown format is that of before 1988.
  const reader = extract({ filenameEncoding: "latin1", allowUnknownFormat: true } as object);
  async function* entries(): AsyncGenerator<TarEntry> {
    let end = 0;
    for await (const source of reader) {
      const header = source.header as FullHeader;
      end = header.byteOffset + Math.ceil(header.size / BLOCK) * BLOCK;
      yield { ...described(header), content: source as AsyncIterable<Buffer> };
    }
    // At the end of every archive stand blocks of zeros; one is missing only where it was cut.
    if (length() < end + BLOCK) throw new Error("the end is missing");
  }
  return { input: reader as unknown as Writable, entries: entries() };
}

/** What tar-stream's types leave out. */
interface FullHeader extends Omit<Header, "type" | "pax"> {
  /** `null` for kinds that it does not know. */
  readonly type: Header["type"] | null;
  readonly pax: Readonly<Record<string, string>> | null;
  /** Where the content begins in the archive. */
  readonly byteOffset: number;
}

function described({ name, type, size, pax }: FullHeader): EntryHeader {
  const isSparse = Object.keys(pax ?? {}).some((key) => key.startsWith("GNU.sparse."));
  const kind = isSparse ? "unknown" : kindOf(type);
  // A pax record is UTF-8 by definition, and is decoded.
  if (pax?.path === name) return { name, kind, bytes: size, isGuessed: false };
  const raw = Buffer.from(name, "latin1");
  const isRead = isUtf8(raw);
  return { name: isRead ? raw.toString("utf8") : name, kind, bytes: size, isGuessed: !isRead };
}

function kindOf(type: FullHeader["type"]): EntryKind {
  switch (type) {
    case "file":
    case "contiguous-file":
      return "file";
    case "directory":
      return "folder";
    case "symlink":
      return "link";
    case "link":
      return "hard link";
    case "block-device":
    case "character-device":
      return "device";
    case "fifo":
      return "pipe";
    case null:
      return "unknown";
    default:
      return type satisfies never;
  }
}
