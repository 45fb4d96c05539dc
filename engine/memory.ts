import { totalmem } from "node:os";

/**
 * An argument of Node for processes that go through many files. Where new objects
 * are is let grow to 4 MB, not to 16 three times over: what is kept of many files
 * would decide how much memory its garbage takes.
 */
export const smallYoungGeneration = "--max-semi-space-size=4";

/** Bytes of memory that this process may take: of the machine, or of its cgroup where that has less. */
export function memoryLimit(): number {
  const limit = process.constrainedMemory();
  // 0, or more than there is, where nothing limits it.
  return limit > 0 ? Math.min(limit, totalmem()) : totalmem();
}
