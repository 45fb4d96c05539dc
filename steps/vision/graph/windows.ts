import type { Pads, Pair, Shape } from "./graph.ts";

/** What a window may do at the border. */
export const paddings = ["valid", "same"] as const;
export type Padding = (typeof paddings)[number];

/** What a window over an image does not hold of it on each side. */
export interface Window {
  readonly size: Pair;
  readonly strides: Pair;
  readonly dilation: Pair;
  readonly padding: Padding;
}

/**
 * What is padded on each side before a window moves over an image. "same" pads
 * as TensorFlow does: the odd pixel goes to the bottom and right.
 */
export function padsOf([height = 1, width = 1]: Shape, { size, strides, dilation, padding }: Window): Pads {
  if (padding === "valid") return [0, 0, 0, 0];
  const along = (pixels: number, at: 0 | 1): readonly [number, number] => {
    const reach = (size[at] - 1) * dilation[at] + 1;
    const steps = Math.ceil(pixels / strides[at]);
    const total = Math.max((steps - 1) * strides[at] + reach - pixels, 0);
    const before = Math.floor(total / 2);
    return [before, total - before];
  };
  const [top, bottom] = along(height, 0);
  const [left, right] = along(width, 1);
  return [top, left, bottom, right];
}
