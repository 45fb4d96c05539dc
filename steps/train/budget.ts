import { StepError } from "../../engine/step-type.ts";
import type { TrainParams } from "./declaration.ts";

type Runtime = TrainParams["runtime"];

/** Bytes that are for the program itself, with what multiplies. */
const programBytes: Readonly<Record<Runtime, number>> = { onnxruntime: 240e6, tensorflow: 500e6 };

/** Bytes of `memory` that there are for numbers: at least half. */
export function roomOf(memory: string, runtime: Runtime): number {
  const bytes = bytesOf(memory);
  return Math.max(bytes - programBytes[runtime], bytes / 2);
}

/** The least `memory` that has so much room, rounded up. */
export function memoryFor(room: number, runtime: Runtime): string {
  const bytes = Math.min(room + programBytes[runtime], 2 * room);
  if (bytes >= 1e9) return `${Math.ceil(bytes / 1e8) / 10}GB`;
  return bytes < 1e7 ? `${Math.ceil(bytes / 1e5) / 10}MB` : `${Math.ceil(bytes / 1e7) * 10}MB`;
}

/** The most `memory` that leaves a machine something beside it, rounded down. */
export function memoryWithin(machine: number): string {
  const bytes = 0.75 * machine;
  return bytes >= 1e9 ? `${Math.floor(bytes / 1e8) / 10}GB` : `${Math.floor(bytes / 1e7) * 10}MB`;
}

/** Of "2GB" or "500 MB". */
export function bytesOf(memory: string): number {
  const [, number, unit] = /^([\d.]+) ?(MB|GB)$/.exec(memory) ?? [];
  if (number === undefined) throw new Error(`"${memory}" is no size`);
  return Number(number) * (unit === "GB" ? 1e9 : 1e6);
}

/** "1.8 GB", "350 MB". */
export function inWords(bytes: number): string {
  if (bytes >= 1e9) return `${(bytes / 1e9).toFixed(1)} GB`;
  return `${(bytes / 1e6).toFixed(bytes < 1e7 ? 1 : 0)} MB`;
}

/**
 * The key has `memory`, not the machine's: on a smaller one it is refused at once.
 *
 * @param bytes that training takes.
 * @param machine bytes that it has.
 * @throws StepError where training takes more than the machine has.
 */
export function refuseSmallMachine(bytes: number, memory: string, machine: number): void {
  if (bytes <= machine) return;
  throw new StepError(
    `training takes ${inWords(bytes)} within \`memory: ${memory}\`, and this machine has ${inWords(machine)}: set a smaller \`memory\``,
  );
}
