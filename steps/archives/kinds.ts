import { open } from "node:fs/promises";

/** What a file is, by its first bytes. */
export type ArchiveKind =
  | { readonly kind: "zip" | "tar" | "gzip" | "empty" | "none" }
  /** An archive, but of a kind that is not read. */
  | { readonly kind: "unread"; readonly format: string };

/**
 * Whether a name is that of an archive: a zip or tar file, or a tar file that is
 * compressed. Of the latter gzip alone is read; `unpack` says so of the others.
 */
export function isArchive(name: string): boolean {
  return /\.(zip|tar|tgz|tbz2?|txz|tzst|7z|rar|tar\.(gz|bz2|xz|zst|lz4?|lzma|Z))$/i.test(name);
}

const TAR_MAGIC_AT = 257;
const HEADER_BYTES = 512;

export async function kindOfArchive(path: string): Promise<ArchiveKind> {
  const file = await open(path);
  try {
    const { bytesRead, buffer } = await file.read(Buffer.alloc(HEADER_BYTES), 0, HEADER_BYTES, 0);
    return kindOfBytes(buffer.subarray(0, bytesRead));
  } finally {
    await file.close();
  }
}

function kindOfBytes(start: Buffer): ArchiveKind {
  if (start.length === 0) return { kind: "empty" };
  if (begins(start, "504b0304") || begins(start, "504b0506")) return { kind: "zip" };
  if (begins(start, "1f8b")) return { kind: "gzip" };
  const unread = formats.find(([magic]) => begins(start, magic));
  if (unread !== undefined) return { kind: "unread", format: unread[1] };
  const isTar =
    start.toString("latin1", TAR_MAGIC_AT, TAR_MAGIC_AT + 5) === "ustar" || start.every((byte) => byte === 0);
  return { kind: isTar ? "tar" : "none" };
}

/** First bytes, hexadecimal. */
const formats: readonly (readonly [magic: string, format: string])[] = [
  ["425a68", "bzip2"],
  ["fd377a585a00", "xz"],
  ["28b52ffd", "Zstandard"],
  ["4c5a4950", "lzip"],
  ["04224d18", "LZ4"],
  ["1f9d", "compress"],
  ["377abcaf271c", "7-Zip"],
  ["526172211a07", "RAR"],
];

function begins(start: Buffer, magic: string): boolean {
  return start.toString("hex", 0, magic.length / 2) === magic;
}
