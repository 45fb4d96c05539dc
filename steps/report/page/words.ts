import { grouped } from "../../../engine/wording.ts";

/** Three digits behind the point; 1.000 only where it is. */
export function three(value: number | null): string {
  if (value === null) return "–";
  const isNearlyOne = value < 1 && value >= 0.9995;
  return isNearlyOne ? (Math.floor(value * 1e4) / 1e4).toFixed(4) : value.toFixed(3);
}

/** "1 picture", "12,000 pictures". */
export function counted(count: number, thing: string): string {
  return `${grouped(count)} ${thing}${count === 1 ? "" : "s"}`;
}
