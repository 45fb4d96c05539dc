import { type FileHandle, open } from "node:fs/promises";

/**
 * Files that are read again and again. At most `limit` of them are open at a
 * time, and as many more as are being read at that moment.
 */
export interface OpenFiles {
  /** The file stays open while `work` runs. */
  use<Value>(file: string, work: (handle: FileHandle) => Promise<Value>): Promise<Value>;
  close(): Promise<void>;
}

interface OpenFile {
  readonly handle: Promise<FileHandle>;
  /** How many read it now. */
  users: number;
}

export function openFiles(limit: number): OpenFiles {
  /** The one that was used last comes last. */
  const files = new Map<string, OpenFile>();
  const closeAllBut = async (count: number): Promise<void> => {
    for (const [file, { handle, users }] of files) {
      if (files.size <= count) return;
      if (users > 0) continue;
      files.delete(file);
      await (await handle).close();
    }
  };
  return {
    async use(file, work) {
      if (!files.has(file)) await closeAllBut(limit - 1);
      const known = files.get(file) ?? { handle: open(file, "r"), users: 0 };
      files.delete(file);
      files.set(file, known);
      known.users++;
      try {
        return await work(await known.handle);
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
