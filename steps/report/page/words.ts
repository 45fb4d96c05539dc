import { grouped } from "../../../engine/wording.ts";

/** 98.9 %, and 100 % only where all are. The space does not break. */
export function percent(share: number): string {
  if (share === 0 || share === 1) return `${share * 100}\u00a0%`;
  const digits = Math.min(99.9, Math.max(0.1, share * 100)).toFixed(1);
  return `${digits.replace(/\.0$/, "")}\u00a0%`;
}

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
