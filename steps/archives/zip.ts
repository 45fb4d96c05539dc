import { isUtf8 } from "node:buffer";
import { open } from "node:fs/promises";
import { Readable } from "node:stream";
import { promisify } from "node:util";
import { inflateRaw } from "node:zlib";
import {
  type Entry,
  fromRandomAccessReaderPromise,
  getFileNameLowLevel,
  RandomAccessReader,
  validateFileName,
  type ZipFile,
} from "yauzl";
import { crc32 } from "./crc32.ts";
import { type Windows, windowsOf } from "./windows.ts";

/** An entry of a zip file. Its name is whatever the archive says, and is no path to write to. */
export interface ZipEntry {
  readonly name: string;
  /** Whether the archive does not say how the name is encoded, and it is not plain ASCII. */
  readonly isGuessed: boolean;
  /** `S_IFMT` of stat(2), or 0 where the archive says none. */
  readonly format: number;
  /** Unpacked, as the archive says; reading an entry that has another number of bytes fails. */
  readonly bytes: number;
  readonly packedBytes: number;
  readonly isEncrypted: boolean;
  /** How it is packed; 0 and 8 can be read. APPNOTE.TXT, 4.4.5. */
  readonly method: number;
  /** For small ones: the whole content. @throws Error where it is damaged. */
  content(): Promise<Buffer>;
  /** @throws Error while it is read, where it is damaged. */
  stream(): AsyncIterable<Buffer>;
}

export interface Zip {
  /** How many there are, as the archive says. */
  readonly count: number;
  /** In the order of the archive's directory; once. @throws Error where that is damaged. */
  entries(): AsyncIterable<ZipEntry>;
  close(): Promise<void>;
}

/** What stat(2) calls a symbolic link; its content is where it leads. */
export const LINK = 0o120000;

/** @throws Error where it is no zip file, or is damaged. */
export async function openZip(path: string): Promise<Zip> {
  const file = await open(path);
  try {
    const { size } = await file.stat();
    const windows = windowsOf(file);
    const zip = await fromRandomAccessReaderPromise(new FileReader(windows), size, {
      autoClose: false,
      // Names are decoded below, for old programs do not say how they are encoded.
      decodeStrings: false,
    });
    return {
      count: zip.entryCount,
      entries: () => entriesOf(zip, windows),
      async close() {
        zip.close();
        await file.close();
      },
    };
  } catch (error) {
    await file.close();
    throw error;
  }
}

/**
 * For files of which a few entries are wanted: all of them by name, of two with one name the last.
 *
 * @throws Error where one has a name that leads out of a folder, or the directory is damaged.
 */
export async function entriesByName(zip: Zip): Promise<ReadonlyMap<string, ZipEntry>> {
  const entries = new Map<string, ZipEntry>();
  for await (const entry of zip.entries()) {
    const wrong = validateFileName(entry.name);
    if (wrong !== null) throw new Error(wrong);
    entries.set(entry.name, entry);
  }
  return entries;
}

/** Programs that know 16 bits for the number of entries write what is left of it: macOS does. */
const COUNT_WRAPS = 2 ** 16;
const DIRECTORY_ENTRY = 0x02014b50;

async function* entriesOf(zip: ZipFile, windows: Windows): AsyncGenerator<ZipEntry> {
  const mark = Buffer.alloc(4);
  while (true) {
    const entry = await nextEntry(zip);
    if (entry !== undefined) {
      yield zipEntry(zip, windows, entry);
      continue;
    }
    // A number in spite of its declared type.
    const read = await windows.read(mark, Number(zip.readEntryCursor));
    if (read < mark.length || mark.readUInt32LE() !== DIRECTORY_ENTRY) return;
    zip.entryCount += COUNT_WRAPS;
  }
}

function nextEntry(zip: ZipFile): Promise<Entry | undefined> {
  return new Promise((resolve, reject) => {
    const once = (settle: () => void): void => {
      zip.off("entry", onEntry).off("end", onEnd).off("error", onError);
      settle();
    };
    const onEntry = (entry: Entry): void => once(() => resolve(entry));
    const onEnd = (): void => once(() => resolve(undefined));
    const onError = (error: Error): void => once(() => reject(error));
    zip.on("entry", onEntry).on("end", onEnd).on("error", onError);
    zip.readEntry();
  });
}

const FORMAT = 0o170000;
const NAME_IS_UTF8 = 0x800;
const UNICODE_NAME = 0x7075;

function zipEntry(zip: ZipFile, windows: Windows, entry: Entry): ZipEntry {
  const { generalPurposeBitFlag: flags, fileNameRaw: raw, extraFields } = entry;
  // What is UTF-8 by chance is hardly ever anything else; what is not is in the PC's first code page, says the format.
  const encoding = isUtf8(raw) ? flags | NAME_IS_UTF8 : flags & ~NAME_IS_UTF8;
  const name = getFileNameLowLevel(encoding, raw, extraFields, true);
  const saysEncoding = (flags & NAME_IS_UTF8) !== 0 || extraFields.some(({ id }) => id === UNICODE_NAME);
  return {
    name: isOfUnix(entry) ? name : name.replaceAll("\\", "/"),
    isGuessed: !saysEncoding && raw.some((byte) => byte > 0x7f),
    format: (entry.externalFileAttributes >>> 16) & FORMAT,
    bytes: entry.uncompressedSize,
    packedBytes: entry.compressedSize,
    isEncrypted: entry.isEncrypted(),
    method: entry.compressionMethod,
    content: () => contentOf(zip, windows, entry),
    stream: () => streamOf(zip, entry),
  };
}

/** Made on Unix or macOS, where a backslash is a letter like others. APPNOTE.TXT, 4.4.2. */
function isOfUnix({ versionMadeBy }: Entry): boolean {
  return [3, 19].includes(versionMadeBy >>> 8);
}

const inflate = promisify(inflateRaw) as (packed: Buffer, options: object) => Promise<Buffer>;

async function contentOf(zip: ZipFile, windows: Windows, entry: Entry): Promise<Buffer> {
  const { fileDataStart } = await zip.readLocalFileHeaderPromise(entry, { minimal: true });
  const packed = Buffer.allocUnsafe(entry.compressedSize);
  if ((await windows.read(packed, fileDataStart)) < packed.length) throw new Error("the file ends too early");
  const content =
    entry.compressionMethod === 0
      ? packed
      : await inflate(packed, { maxOutputLength: Math.max(1, entry.uncompressedSize) });
  if (content.length !== entry.uncompressedSize) throw new Error("an entry has another size");
  if (crc32(content) !== entry.crc32) throw new Error("an entry has another checksum");
  return content;
}

async function* streamOf(zip: ZipFile, entry: Entry): AsyncGenerator<Buffer> {
  const stream: Readable = await zip.openReadStreamPromise(entry);
  let sum = 0;
  for await (const chunk of stream) {
    sum = crc32(chunk as Buffer, sum);
    yield chunk as Buffer;
  }
  if (sum !== entry.crc32) throw new Error("an entry has another checksum");
}

const CHUNK_BYTES = 2 ** 18;

/** yauzl closes what it reads from when a stream is broken off: here the file stays open. */
class FileReader extends RandomAccessReader {
  readonly #windows: Windows;

  constructor(windows: Windows) {
    super();
    this.#windows = windows;
  }

  override _readStreamForRange(start: number, end: number): Readable {
    return Readable.from(this.#chunks(start, end), { objectMode: false });
  }

  async *#chunks(start: number, end: number): AsyncGenerator<Buffer> {
    for (let at = start; at < end; at += CHUNK_BYTES) {
      const chunk = Buffer.allocUnsafe(Math.min(CHUNK_BYTES, end - at));
      const read = await this.#windows.read(chunk, at);
      if (read === 0) return;
      yield chunk.subarray(0, read);
    }
  }

  override read(
    buffer: Buffer,
    offset: number,
    length: number,
    position: number,
    callback: (error: Error | null, bytes?: number) => void,
  ): void {
    this.#windows.read(buffer.subarray(offset, offset + length), position).then(
      (bytes) => callback(null, bytes),
      (error: Error) => callback(error),
    );
  }
}
