import type { Padding, Size } from "./builder.ts";

/** As many zeros on every side. */
export function around(by: number): Padding {
  return [
    [by, by],
    [by, by],
  ];
}

/**
 * The zeros before a convolution with a stride of 2, so that it takes the pixels
 * that TensorFlow's "same" would (keras/src/applications/imagenet_utils.py, correct_pad).
 */
export function correctPad(size: Size, kernel: number): Padding {
  const behind = Math.floor(kernel / 2);
  const sides = (length: number): readonly [number, number] => [behind - 1 + (length % 2), behind];
  return [sides(size[0]), sides(size[1])];
}

/** What a stride of 2 leaves. */
export function halved([height, width]: Size): Size {
  return [Math.ceil(height / 2), Math.ceil(width / 2)];
}
