import type { Pads, Pair, Pooling, Shape } from "../graph/graph.ts";
import { moving } from "./convolutions.ts";
import type { Compute, Place } from "./place.ts";

export function pooling(place: Place, operator: Pooling): Compute {
  const { input, kind, window, strides, pads } = operator;
  const ksize = [1, ...window, 1];
  if (kind === "max") {
    const settings = { ...moving(strides, pads), ksize };
    return (take) => place.operation("MaxPool", settings, [take(input)]);
  }
  const settings = { ...moving(strides, [0, 0, 0, 0]), ksize };
  if (pads.every((pad) => pad === 0)) {
    return (take) => place.operation("AvgPool", settings, [take(input)]);
  }
  // TensorFlow pads a mean in no way but its own: here with zeros, for which the mean is set right.
  const { tf } = place;
  const shares = sharesOf(operator);
  const factors = place.constant([1, ...shares.shape, 1], shares.data);
  const [top, left, bottom, right] = pads;
  return (take) => {
    const sides: [number, number][] = [
      [0, 0],
      [top, bottom],
      [left, right],
      [0, 0],
    ];
    const mean = place.operation("AvgPool", settings, [tf.pad(take(input), sides)]);
    return tf.mul(mean, factors);
  };
}

/** By how much the mean over a window is too small, where zeros around the image counted. */
function sharesOf({ input, window, strides, pads }: Pooling): { shape: Shape; data: Float32Array } {
  const rows = countsAlong(input.shape, 0, { window, strides, pads });
  const columns = countsAlong(input.shape, 1, { window, strides, pads });
  const area = window[0] * window[1];
  const data = rows.flatMap((row) => columns.map((column) => area / (row * column)));
  return { shape: [rows.length, columns.length], data: Float32Array.from(data) };
}

interface Moved {
  readonly window: Pair;
  readonly strides: Pair;
  readonly pads: Pads;
}

/** How many pixels of the image each window holds along an axis. */
function countsAlong(shape: Shape, axis: 0 | 1, { window, strides, pads }: Moved): number[] {
  const pixels = shape[axis] ?? 1;
  const before = pads[axis];
  const steps = Math.floor((pixels + before + pads[axis === 0 ? 2 : 3] - window[axis]) / strides[axis]) + 1;
  return Array.from({ length: steps }, (_, step) => {
    const first = step * strides[axis] - before;
    return Math.min(first + window[axis], pixels) - Math.max(first, 0);
  });
}
