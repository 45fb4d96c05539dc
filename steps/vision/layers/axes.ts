import type { Shape } from "../graph/graph.ts";
import { Refusal } from "../graph/shapes.ts";

/** Sizes of an image. @throws Refusal where the shape is none. */
export function imageOf(shape: Shape): { height: number; width: number; channels: number } {
  const [height, width, channels] = shape;
  if (shape.length !== 3 || height === undefined || width === undefined || channels === undefined) {
    throw new Refusal(`it takes an image, not ${shape.length === 1 ? "a vector" : `${shape.length} axes`}`);
  }
  return { height, width, channels };
}

/** An axis as Keras counts it, with the batch or from the end, as one that counts without the batch. */
export function axisOf(axis: number, shape: Shape): number {
  const found = axis < 0 ? shape.length + axis : axis - 1;
  if (found >= 0 && found < shape.length) return found;
  throw new Refusal(`axis ${axis} is none of ${shape.length + 1}`);
}
