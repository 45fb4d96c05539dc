import { createWriteStream } from "node:fs";
import { pipeline } from "node:stream/promises";
import { ZipFile } from "yazl";

/** A file that goes into a zip file: its content, or where it lies. */
export interface NewZipEntry {
  readonly name: string;
  readonly content: Buffer | { readonly path: string };
}

/** Writes a new zip file whose entries are not compressed: the same bytes for the same entries. */
export async function writeZip(path: string, entries: readonly NewZipEntry[]): Promise<void> {
  const zip = new ZipFile();
  const failed = new Promise<never>((_, reject) => zip.on("error", reject));
  for (const { name, content } of entries) {
    if (Buffer.isBuffer(content)) zip.addBuffer(content, name, canonical);
    else zip.addFile(content.path, name, canonical);
  }
  zip.end();
  await Promise.race([pipeline(zip.outputStream, createWriteStream(path, { flags: "wx" })), failed]);
}

const canonical = {
  compress: false,
  mode: 0o100644,
  // The first day that zip files know; it is written as it is here, whatever the zone.
  mtime: new Date(1980, 0, 1),
  forceDosTimestamp: true,
};
