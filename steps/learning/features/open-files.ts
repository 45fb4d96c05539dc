import { readSync } from "node:fs";
import { type FileHandle, open } from "node:fs/promises";

/**
 * Files that are read again and again. At most `limit` of them are open at a
 * time, and as many more as are being read at that moment.
 */
export interface OpenFiles {
  /** Reads bytes from a position on into `into`, as many as it has; returns how many there were. */
  read(file: string, into: Uint8Array, position: number): Promise<number>;
  close(): Promise<void>;
}

interface OpenFile {
  readonly handle: Promise<FileHandle>;
  /** How many read it now. */
  users: number;
}

/**
 * What is in the system's cache and small is read at once: to hand it to another
 * thread and back takes longer. What takes longer than this was on a disk, and the
 * next reads are left to other threads, several at a time.
 */
const SMALL = 256 << 10;
const CACHED_MS = 0.5;
const NEXT_READS = 64;

export function openFiles(limit: number): OpenFiles {
  /** The one that was used last comes last. */
  const files = new Map<string, OpenFile>();
  /** How many reads are left to other threads. */
  let elsewhere = 0;
  const closeAllBut = async (count: number): Promise<void> => {
    for (const [file, { handle, users }] of files) {
      if (files.size <= count) return;
      if (users > 0) continue;
      files.delete(file);
      await (await handle).close();
    }
  };
  const readFrom = async (handle: FileHandle, into: Uint8Array, position: number): Promise<number> => {
    if (into.length > SMALL || elsewhere > 0) {
      elsewhere = Math.max(0, elsewhere - 1);
      return (await handle.read(into, 0, into.length, position)).bytesRead;
    }
    const started = performance.now();
    const count = readSync(handle.fd, into, 0, into.length, position);
    if (performance.now() - started > CACHED_MS) elsewhere = NEXT_READS;
    return count;
  };
  return {
    async read(file, into, position) {
      if (!files.has(file)) await closeAllBut(limit - 1);
      const known = files.get(file) ?? { handle: open(file, "r"), users: 0 };
      files.delete(file);
      files.set(file, known);
      known.users++;
      try {
        return await readFrom(await known.handle, into, position);
      } catch (error) {
        // One that could not be opened is tried again.
        await known.handle.catch(() => files.delete(file));
        throw error;
      } finally {
        known.users--;
        await closeAllBut(limit);
      }
    },
    async close() {
      const open = [...files.values()];
      files.clear();
      for (const { handle } of open) await (await handle).close();
    },
  };
}
