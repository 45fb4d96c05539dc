import { readFileSync, writeFileSync } from "node:fs";

/** Peak memory of this process from a moment on, in bytes. */
export interface PeakMemory {
  bytes(): number;
}

/**
 * Begins to measure. A worker that is used again measures each step alone: Linux
 * forgets the peak when 5 is written to clear_refs (proc(5)); elsewhere it is
 * that of the process.
 */
export function measurePeak(): PeakMemory {
  try {
    writeFileSync("/proc/self/clear_refs", "5");
  } catch {
    return { bytes: () => process.resourceUsage().maxRSS * 1024 };
  }
  return {
    bytes() {
      const peak = /^VmHWM:\s+(\d+) kB/m.exec(readFileSync("/proc/self/status", "utf8"))?.[1];
      return peak === undefined ? process.resourceUsage().maxRSS * 1024 : Number(peak) * 1024;
    },
  };
}
