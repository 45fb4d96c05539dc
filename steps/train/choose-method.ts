import { StepError } from "../../engine/step-type.ts";
import type { TrainParams } from "./declaration.ts";
import { numbersOfGroup } from "./sample-space/coordinates.ts";
import { TILE, tileBytes } from "./sample-space/tiles.ts";

/** What decides between the ways to train; nothing of the machine, nor of what is kept. */
export interface Size {
  /** Rows that are trained on, and rows that are only scored. */
  readonly training: number;
  readonly validation: number;
  readonly rowLength: number;
  /** Of the first layer. */
  readonly units: number;
  /** Rows of a step. */
  readonly batch: number;
}

export type Chosen =
  | { readonly method: "direct" }
  | {
      readonly method: "sampleSpace";
      /** Bytes that rows may take in memory. */
      readonly rowBytes: number;
      /** That it takes in all. */
      readonly bytes: number;
    };

/** Tiles that are multiplied with each other. */
const LEAST_TILES = 2;

/**
 * Sample space is for an optimizer that is linear in the gradient, which only sgd
 * is. It takes products of all rows with each other, which pays where a row is
 * longer than rows are many: then a step moves training × units numbers and not
 * rowLength × units.
 *
 * @throws StepError where sample space is asked for and takes more than `memory`.
 */
export function chooseMethod(
  { method, memory, optimizer }: Pick<TrainParams, "method" | "memory" | "optimizer">,
  size: Size,
): Chosen {
  if (method === "direct" || optimizer.kind !== "sgd") return { method: "direct" };
  if (method === "auto" && size.training > size.rowLength) return { method: "direct" };
  const most = bytesOf(memory);
  const others = sampleSpaceBytes(size);
  const least = others + LEAST_TILES * tileBytes(size.rowLength);
  if (least <= most) {
    const tiles = Math.ceil((size.training + size.validation) / TILE);
    const rowBytes = most - others;
    const bytes = others + Math.min(rowBytes, Math.max(LEAST_TILES, tiles) * tileBytes(size.rowLength));
    return { method: "sampleSpace", rowBytes, bytes };
  }
  if (method === "auto") return { method: "direct" };
  throw new StepError(
    `in sample space ${size.training} training and ${size.validation} validation rows of ${size.rowLength} values take ${(least / 1e9).toFixed(1)} GB, and \`memory: ${memory}\` is less: raise it, or take \`method: auto\``,
  );
}

/** Of all but the rows: products, coordinates, the first kernel, and what a group of steps takes. */
function sampleSpaceBytes({ training, validation, rowLength, units, batch }: Size): number {
  const products = (training + validation) * (training + units);
  const numbers = products + 2 * training * units + rowLength * units;
  return 4 * (numbers + numbersOfGroup({ batch, rows: training, units }));
}

/**
 * The key has `memory`, not the machine's: on a smaller one it is refused at once.
 *
 * @param machine bytes.
 * @throws StepError where training takes more than the machine has.
 */
export function refuseSmallMachine(chosen: Chosen, memory: string, machine: number): void {
  if (chosen.method === "direct" || chosen.bytes <= machine) return;
  const [takes, has] = [chosen.bytes, machine].map((bytes) => (bytes / 1e9).toFixed(1));
  throw new StepError(
    `training takes ${takes} GB within \`memory: ${memory}\`, and this machine has ${has} GB: set a smaller \`memory\``,
  );
}

/** Of "2GB" or "500 MB". */
function bytesOf(memory: string): number {
  const [, number, unit] = /^([\d.]+) ?(MB|GB)$/.exec(memory) ?? [];
  if (number === undefined) throw new Error(`"${memory}" is no size`);
  return Number(number) * (unit === "GB" ? 1e9 : 1e6);
}
