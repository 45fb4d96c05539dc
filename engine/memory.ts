import { totalmem } from "node:os";

/** Bytes of memory that this process may take: of the machine, or of its cgroup where that has less. */
export function memoryLimit(): number {
  const limit = process.constrainedMemory();
  // 0, or more than there is, where nothing limits it.
  return limit > 0 ? Math.min(limit, totalmem()) : totalmem();
}
