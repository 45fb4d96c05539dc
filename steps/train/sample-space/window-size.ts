import { type GroupSizes, numbersOfGroup } from "./group.ts";
import { numbersOfStrips } from "./strips.ts";
import { numbersOfWide } from "./wide-products.ts";

/** How many numbers of 32 bits a window takes beside the kernel and its velocity. */
export function numbersOfWindow(rowLength: number, sizes: GroupSizes): number {
  const { rows, units } = sizes;
  return numbersOfStrips(rowLength, rows) + numbersOfWide(rows, units) + numbersOfGroup(sizes);
}
