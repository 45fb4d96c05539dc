import { existsSync } from "node:fs";

/** Whether there is a driver of NVIDIA's: of Linux, or of Windows below it. */
export function hasNvidiaDriver(): boolean {
  return existsSync("/dev/nvidiactl") || existsSync("/dev/dxg");
}
