import { StepError } from "../../engine/step-type.ts";
import type { EntryKind } from "./destination.ts";
import { shownName } from "./entry-path.ts";
import { lanes } from "./lanes.ts";
import type { Tally } from "./tally.ts";
import { contentOf, LANES, readingFailure, SMALL_BYTES, type Unpacking } from "./unpacking.ts";
import { LINK, openZip, type Zip, type ZipEntry } from "./zip.ts";

export async function unpackZip(unpacking: Unpacking): Promise<void> {
  const zip = await openZip(unpacking.archive).catch((error: unknown) => {
    throw readingFailure(unpacking, error);
  });
  try {
    unpacking.tally.expectEntries(zip.count);
    await unpackEntries(zip, unpacking);
  } finally {
    await zip.close();
  }
}

async function unpackEntries(zip: Zip, unpacking: Unpacking): Promise<void> {
  const { signal, destination } = unpacking;
  const writing = lanes(LANES);
  try {
    for await (const entry of entriesOf(zip, unpacking)) {
      signal.throwIfAborted();
      const file = destination.place({ ...entry, kind: kindOf(entry) });
      if (file === undefined) continue;
      refuseUnreadable(entry, unpacking);
      await writing.begin(() => unpackEntry(entry, file, unpacking));
    }
  } finally {
    // Nothing may be written any more when the folder is removed.
    await writing.end();
  }
}

async function* entriesOf(zip: Zip, unpacking: Unpacking): AsyncGenerator<ZipEntry> {
  try {
    yield* zip.entries();
  } catch (error) {
    throw readingFailure(unpacking, error);
  }
}

async function unpackEntry(entry: ZipEntry, file: string, unpacking: Unpacking): Promise<void> {
  const { tally, signal, destination } = unpacking;
  signal.throwIfAborted();
  if (entry.bytes > SMALL_BYTES || entry.packedBytes > SMALL_BYTES)
    return destination.write(file, contentOf(unpacking, entry.name, counted(entry.stream(), tally)));
  const content = await entry.content().catch((error: unknown) => {
    throw readingFailure(unpacking, error, entry.name);
  });
  tally.countBytes(content.length);
  return destination.write(file, content);
}

async function* counted(content: AsyncIterable<Buffer>, tally: Tally): AsyncGenerator<Buffer> {
  for await (const chunk of content) {
    tally.countBytes(chunk.length);
    yield chunk;
  }
}

/** `S_IFMT` of stat(2). Programs of other systems than Unix put other things there, or nothing. */
const formats = new Map<number, EntryKind>([
  [0o040000, "folder"],
  [LINK, "link"],
  [0o020000, "device"],
  [0o060000, "device"],
  [0o010000, "pipe"],
  [0o140000, "socket"],
]);

function kindOf({ name, format }: ZipEntry): EntryKind {
  return formats.get(format) ?? (name.endsWith("/") ? "folder" : "file");
}

/** APPNOTE.TXT, 4.4.5. */
const methods = new Map([
  [1, "Shrink"],
  [6, "Implode"],
  [9, "Deflate64"],
  [12, "bzip2"],
  [14, "LZMA"],
  [93, "Zstandard"],
  [95, "XZ"],
  [96, "JPEG"],
  [98, "PPMd"],
  [99, "AES"],
]);

function refuseUnreadable({ name, isEncrypted, method }: ZipEntry, { shown }: Unpacking): void {
  const refuse = (why: string): never => {
    throw new StepError(
      `${shown} is not unpacked: ${shownName(name)} ${why}; unpack it yourself and give the folder`,
    );
  };
  if (isEncrypted) refuse("is encrypted");
  if (method === 0 || method === 8) return;
  refuse(`is packed with ${methods.get(method) ?? `method ${method}`}, which is not read`);
}
