import { createReadStream } from "node:fs";
import { pipeline } from "node:stream/promises";
import { createGunzip } from "node:zlib";
import { lanes } from "./lanes.ts";
import { type TarEntry, tarReader } from "./tar.ts";
import { contentOf, LANES, readingFailure, SMALL_BYTES, type Unpacking } from "./unpacking.ts";

const CHUNK_BYTES = 2 ** 18;

export async function unpackTar(unpacking: Unpacking, isGzip: boolean): Promise<void> {
  let length = 0;
  const reader = tarReader(() => length);
  // Headers count too: a compressed tar can be made of them alone.
  async function* passed(chunks: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
    for await (const chunk of chunks) {
      unpacking.signal.throwIfAborted();
      unpacking.tally.countBytes(chunk.length);
      length += chunk.length;
      yield chunk;
    }
  }
  const source = createReadStream(unpacking.archive, { highWaterMark: CHUNK_BYTES });
  const reading = isGzip
    ? pipeline(source, createGunzip({ chunkSize: CHUNK_BYTES }), passed, reader.input)
    : pipeline(source, passed, reader.input);
  const writing = unpackEntries(reader.entries, unpacking).finally(() => reader.input.destroy());
  const [read, written] = await Promise.allSettled([reading, writing]);
  // What was being read is broken off where it cannot be written; the first cause is told.
  if (written.status === "rejected") throw readingFailure(unpacking, written.reason);
  if (read.status === "rejected") throw readingFailure(unpacking, read.reason);
}

async function unpackEntries(entries: AsyncIterable<TarEntry>, unpacking: Unpacking): Promise<void> {
  const { destination } = unpacking;
  const writing = lanes(LANES);
  try {
    for await (const entry of entries) {
      const file = destination.place(entry);
      if (file === undefined) {
        for await (const _ of entry.content);
        continue;
      }
      const chunks = contentOf(unpacking, entry.name, entry.content);
      if (entry.bytes > SMALL_BYTES) await destination.write(file, chunks);
      else {
        const content = await whole(chunks);
        await writing.begin(() => destination.write(file, content));
      }
    }
  } finally {
    // Nothing may be written any more when the folder is removed.
    await writing.end();
  }
}

async function whole(content: AsyncIterable<Buffer>): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of content) chunks.push(chunk);
  return chunks.length === 1 ? (chunks[0] as Buffer) : Buffer.concat(chunks);
}
