import type { Operator } from "../../vision/graph/graph.ts";
import type { LayersBuilder } from "./builder.ts";
import type { ModelLayer } from "./model-layer.ts";
import { alongAxes, channelsLast, dense } from "./pieces.ts";

/** Whole factors, as Keras' UpSampling2D has them. */
export function resized(
  builder: LayersBuilder,
  from: ModelLayer,
  { factors, mode }: Operator & { op: "resize" },
): ModelLayer {
  if (mode === "linear" && builder.target === "tfjs") {
    // TensorFlow.js takes the corners of pixels for what is interpolated: here each axis is a product with a matrix.
    return ([0, 1] as const).reduce(
      (value, axis) =>
        alongAxes(builder, value, [axis], (last) =>
          dense(builder, last, interpolation(last.shape.at(-1) as number, factors[axis])),
        ),
      from,
    );
  }
  const [height = 1, width = 1, channels = 1] = from.shape;
  return builder.add(from, {
    className: "UpSampling2D",
    config: {
      size: factors,
      interpolation: mode === "linear" ? "bilinear" : "nearest",
      ...channelsLast,
    },
    shape: [height * factors[0], width * factors[1], channels],
  });
}

/** Of centres, the border repeated: size × (size · factor). */
function interpolation(size: number, factor: number) {
  const out = size * factor;
  const data = new Float32Array(size * out);
  for (let to = 0; to < out; to++) {
    const place = (to + 0.5) / factor - 0.5;
    const low = Math.floor(place);
    for (const [at, share] of [
      [low, 1 - (place - low)],
      [low + 1, place - low],
    ] as const) {
      const from = Math.min(Math.max(at, 0), size - 1);
      data[from * out + to] = (data[from * out + to] as number) + share;
    }
  }
  return { shape: [size, out], data };
}
