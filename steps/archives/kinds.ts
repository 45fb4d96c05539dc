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
  return extension.test(name);
}

/** A name without what says that it is an archive. */
export function archiveStem(name: string): string {
  return name.replace(extension, "");
}

const extension = /\.(zip|tar|tgz|tbz2?|txz|tzst|7z|rar|tar\.(gz|bz2|xz|zst|lz4?|lzma|Z))$/i;

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
  // First, for a tar file begins with whatever its first file is called.
  if (hasTarSum(start)) return { kind: "tar" };
  if (zipMagics.some((magic) => begins(start, magic))) return { kind: "zip" };
  if (begins(start, "1f8b")) return { kind: "gzip" };
  const unread = formats.find(([magic]) => begins(start, magic));
  if (unread !== undefined) return { kind: "unread", format: unread[1] };
  // A damaged header, or a tar file without entries.
  const isTar = start.toString("latin1", 257, 262) === "ustar" || start.every((byte) => byte === 0);
  return { kind: isTar ? "tar" : "none" };
}

/** Whether the bytes of a header add up to what it says; its own sum counts as eight blanks. */
function hasTarSum(header: Buffer): boolean {
  if (header.length < HEADER_BYTES) return false;
  const sum = header.reduce((total, byte, at) => total + (at >= 148 && at < 156 ? 0x20 : byte), 0);
  return Number.parseInt(header.toString("latin1", 148, 156), 8) === sum;
}

/** An entry; the end of one without entries, in either format; an entry of one that could have been split. APPNOTE.TXT, 4.3. */
const zipMagics = ["504b0304", "504b0506", "504b0606", "504b0708"];

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
