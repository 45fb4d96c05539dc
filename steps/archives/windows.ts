import type { FileHandle } from "node:fs/promises";

/** Reads a file anywhere. */
export interface Windows {
  /** Resolves with how many bytes there were: fewer where the file ends. */
  read(target: Buffer, position: number): Promise<number>;
}

const WINDOW_BYTES = 2 ** 16;
const MOST_WINDOWS = 8;

/**
 * Small pieces come from windows that are kept for a while: a zip file is
 * described in pieces of 30 to 100 bytes, and a system call for each takes
 * longer than unpacking a small picture.
 */
export function windowsOf(file: FileHandle): Windows {
  const kept = new Map<number, Promise<Buffer>>();
  const windowAt = (at: number): Promise<Buffer> => {
    const known = kept.get(at);
    const window = known ?? load(at);
    // The map's order is that of use.
    kept.delete(at);
    kept.set(at, window);
    for (const oldest of kept.keys()) {
      if (kept.size <= MOST_WINDOWS) break;
      kept.delete(oldest);
    }
    return window;
  };
  const load = async (at: number): Promise<Buffer> => {
    const window = Buffer.allocUnsafe(WINDOW_BYTES);
    return window.subarray(0, await readFully(file, window, at * WINDOW_BYTES));
  };
  return {
    async read(target, position) {
      if (!Number.isSafeInteger(position) || position < 0) return 0;
      if (target.length >= WINDOW_BYTES) return readFully(file, target, position);
      let done = 0;
      while (done < target.length) {
        const at = Math.floor((position + done) / WINDOW_BYTES);
        const window = await windowAt(at);
        const copied = window.copy(target, done, position + done - at * WINDOW_BYTES);
        if (copied === 0) break;
        done += copied;
      }
      return done;
    },
  };
}

async function readFully(file: FileHandle, target: Buffer, position: number): Promise<number> {
  let done = 0;
  while (done < target.length) {
    const { bytesRead } = await file.read(target, done, target.length - done, position + done);
    if (bytesRead === 0) break;
    done += bytesRead;
  }
  return done;
}
