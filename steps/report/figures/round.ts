import type { Curve } from "./curves.ts";

/** To six digits behind the point: the last bits of a sum are nobody's business, and may differ by machine. */
export function rounded(value: number): number {
  return Math.round(value * 1e6) / 1e6;
}

/** To four, for what is drawn. */
export function roundedCurve({ x, y }: Curve): Curve {
  return { x: x.map(four), y: y.map(four) };
}

export function four(value: number): number {
  return Math.round(value * 1e4) / 1e4;
}
