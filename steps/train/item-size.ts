import type { InputToLookAt } from "../../engine/known-input.ts";
import type { TrainParams } from "./declaration.ts";
import { countsOf } from "./resolve.ts";
import { TILE } from "./sample-space/tiles.ts";

/** Numbers of rows that an item multiplies tiles along: some seconds for two cores. */
const ITEM_NUMBERS = 64 * 100_352;

/** How many products of tiles an item has at least. */
export function itemProducts(rowLength: number): number {
  return Math.ceil(ITEM_NUMBERS / rowLength);
}

/**
 * Whether the products of all rows could make two items. Statistics of all rows
 * would be taken once by each who takes part.
 */
export function isWorthDividing({ method, normalize }: TrainParams, features: InputToLookAt): boolean {
  if (method !== "sampleSpace" || normalize === "standard") return false;
  const { training, validation, rowLength } = countsOf(features);
  const tiles = Math.ceil((training + validation) / TILE);
  return (tiles * (tiles + 1)) / 2 >= 2 * itemProducts(rowLength);
}
