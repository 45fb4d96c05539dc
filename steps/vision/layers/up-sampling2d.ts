import type { Builder } from "../graph/builder.ts";
import type { Binary, Operand, Tensor, Value } from "../graph/graph.ts";
import { Refusal } from "../graph/shapes.ts";
import { imageOf } from "./axes.ts";
import { defineLayer } from "./layer.ts";

/** keras.layers.UpSampling2D */
export const upSampling2d = defineLayer({
  classes: ["UpSampling2D"],
  settings: (settings) => ({
    factors: settings.pair("size", 2),
    mode: settings.oneOf("interpolation", ["nearest", "bilinear"], "nearest"),
    dialect: settings.dialect,
  }),
  build(builder, { settings: { factors, mode, dialect }, input }) {
    imageOf(input.shape);
    if (mode === "nearest") return builder.add({ op: "resize", input, factors, mode });
    // Pixels are squares, and their centres are interpolated; TensorFlow.js has their corners.
    const start = dialect === "tfjs" ? 0 : 0.5;
    if (start === 0.5 && factors.every(isPowerOfTwo)) {
      return builder.add({ op: "resize", input, factors, mode: "linear" });
    }
    const wide = interpolated(builder, input, { axis: 1, factor: factors[1], start });
    return interpolated(builder, wide, { axis: 0, factor: factors[0], start });
  },
});

/** Then the positions are float32 numbers, whoever works them out. */
function isPowerOfTwo(factor: number): boolean {
  return Number.isInteger(Math.log2(factor));
}

/**
 * low + (high − low) · weight along rows (0) or columns (1), the border repeated.
 * Slower than a runtime's own interpolation; but that rounds its positions otherwise
 * than TensorFlow does, and a hundred pixels from the border it shows in the fifth digit.
 */
function interpolated(builder: Builder, input: Value, along: Along): Value {
  const { axis, factor } = along;
  if (factor === 1) return input;
  const { low, high, weights } = positions(input.shape[axis] as number, along);
  const taken = (indices: readonly number[]): Value => builder.add({ op: "gather", input, axis, indices });
  const each = (kind: Binary, left: Value, right: Operand): Value =>
    builder.add({ op: "binary", kind, left, right });
  const lower = taken(low);
  const shape = axis === 0 ? [weights.length, 1, 1] : [1, weights.length, 1];
  const weight: Tensor = { shape, data: weights };
  return each("add", lower, each("multiply", each("subtract", taken(high), lower), weight));
}

interface Along {
  readonly axis: 0 | 1;
  readonly factor: number;
  /** What of a pixel lies before the place that it is taken for. */
  readonly start: number;
}

interface Positions {
  readonly low: readonly number[];
  readonly high: readonly number[];
  readonly weights: Float32Array;
}

/** Along an axis: no image has more. */
const MOST_PIXELS = 2 ** 20;

/** In float32, as TensorFlow has it (`HalfPixelScaler`, `LegacyScaler`). */
function positions(size: number, { factor, start }: Along): Positions {
  if (size * factor > MOST_PIXELS) throw new Refusal(`it makes ${size} pixels ${factor} times as many`);
  const scale = Math.fround(size / (size * factor));
  const at = Array.from({ length: size * factor }, (_, out) =>
    Math.fround(Math.fround((out + start) * scale) - start),
  );
  return {
    low: at.map((place) => Math.max(Math.floor(place), 0)),
    high: at.map((place) => Math.min(Math.ceil(place), size - 1)),
    weights: Float32Array.from(at, (place) => place - Math.floor(place)),
  };
}
