import { createHash } from "node:crypto";
import { type FileHandle, open, readFile, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { JsonObject } from "../../engine/json.ts";
import type { StepContext } from "../../engine/step-type.ts";
import type { Store, StoreEntry } from "../../engine/store.ts";
import { requireRoom, type Sink } from "../web/sink.ts";

/** A sink whose bytes are kept in a store as well, so that a fetch that ends early goes on later. */
export interface KeptChunks {
  readonly sink: Sink;
  /** The file is whole: what this execution kept is not needed any more. */
  finish(): Promise<void>;
}

/** A chunk is published when it is as large, or as old: that is all a crash can cost. */
const CHUNK_BYTES = 16 * 2 ** 20;
const CHUNK_MS = 10_000;

const chunkFile = "bytes";

/**
 * @param file where the bytes go in order. Beside that they are entries of the
 *   store that the file's version names: chunks, named by their first byte and
 *   the one behind their last, with their sha256.
 */
export function keptChunks(ctx: Pick<StepContext, "store" | "signal">, file: string): KeptChunks {
  const own = new Map<Store, StoreEntry[]>();
  let handle: FileHandle | undefined;
  let store: Store | undefined;
  let position = 0;
  /** What came since the last chunk. */
  let held: Uint8Array[] = [];
  let heldBytes = 0;
  let since = 0;

  const keep = async (): Promise<void> => {
    since = performance.now();
    if (store === undefined || heldBytes === 0) return;
    const bytes = Buffer.concat(held);
    const start = position - heldBytes;
    [held, heldBytes] = [[], 0];
    const about = { start, end: position, sha256: sha256(bytes) };
    const entry = await store.publish(`${start}-${position}`, async (folder) => {
      await writeFile(join(folder, chunkFile), bytes);
      return about;
    });
    if (entry.isOwn) own.set(store, [...(own.get(store) ?? []), entry]);
    since = performance.now();
  };
  const drop = async (): Promise<void> => {
    for (const [from, entries] of own) for (const entry of entries) await from.drop(entry);
    own.clear();
  };
  const close = async (): Promise<void> => {
    await handle?.close();
    handle = undefined;
  };
  return {
    sink: {
      async begin({ version, bytes = 0, from, see }) {
        await close();
        handle = await open(file, "w");
        [position, held, heldBytes, since] = [0, [], 0, performance.now()];
        store = version && ctx.store(version as unknown as JsonObject);
        // The chunks take as much once more.
        await requireRoom(dirname(file), bytes * (store === undefined ? 1 : 2));
        if (store === undefined || from === "nothing") return;
        for await (const chunk of chunksOf(await store.entries())) {
          ctx.signal.throwIfAborted();
          await handle.writeFile(chunk);
          see(chunk);
          position += chunk.length;
        }
      },
      async add(bytes) {
        handle ??= await open(file, "a");
        await handle.writeFile(bytes);
        position += bytes.length;
        if (store === undefined) return;
        held.push(bytes);
        heldBytes += bytes.length;
        if (heldBytes >= CHUNK_BYTES || performance.now() - since >= CHUNK_MS) await keep();
      },
      async rest() {
        await close();
        await keep();
      },
      async forget() {
        [held, heldBytes] = [[], 0];
        await close();
        await drop();
      },
    },
    async finish() {
      await close();
      await drop();
    },
  };
}

/** The chunks from the first byte on, as far as they follow on each other and are what they were. */
async function* chunksOf(entries: readonly StoreEntry[]): AsyncGenerator<Buffer> {
  let position = 0;
  for (;;) {
    const next = entries
      .filter(({ about }) => about.start === position && Number(about.end) > position)
      .sort((a, b) => Number(b.about.end) - Number(a.about.end));
    let found: Buffer | undefined;
    for (const entry of next) {
      found ??= await contentOf(entry);
    }
    if (found === undefined) return;
    yield found;
    position += found.length;
  }
}

/** `undefined` where it is damaged, or was deleted meanwhile. */
async function contentOf({ path, about }: StoreEntry): Promise<Buffer | undefined> {
  const bytes = await readFile(join(path, chunkFile)).catch(() => undefined);
  if (bytes === undefined || sha256(bytes) !== about.sha256) return undefined;
  return bytes.length === Number(about.end) - Number(about.start) ? bytes : undefined;
}

function sha256(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}
