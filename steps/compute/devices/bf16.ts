import { readFileSync } from "node:fs";

/** Whether Linux lists AVX512-BF16, AMX or Arm's BF16 among what the CPU can. */
export function hasBf16(): boolean {
  try {
    return /\bavx512_bf16\b|\bamx_bf16\b|\bbf16\b/.test(readFileSync("/proc/cpuinfo", "utf8"));
  } catch {
    return false;
  }
}
