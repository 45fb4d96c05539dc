import type { Json } from "../../../engine/json.ts";
import { StepError } from "../../../engine/step-type.ts";
import type { Layer } from "./topology.ts";

/** What a layer gives for one image: height × width × channels, or a vector. */
export type Shape =
  | { readonly kind: "image"; readonly height: number; readonly width: number; readonly channels: number }
  | { readonly kind: "vector"; readonly length: number };

/** A window that moves over an image: sizes, strides, dilation, and how much is padded on each side. */
export interface Window {
  readonly kernel: readonly [number, number];
  readonly strides: readonly [number, number];
  readonly dilation: readonly [number, number];
  /** top, left, bottom, right. */
  readonly pads: readonly [number, number, number, number];
  readonly height: number;
  readonly width: number;
}

/**
 * The window of a convolution or pooling layer over an image of a known size.
 * "same" pads as TensorFlow does: the odd pixel goes to the bottom and right.
 */
export function windowOf(
  layer: Layer,
  input: { readonly height: number; readonly width: number },
  kernel: readonly [number, number],
): Window {
  const dilation = pair(layer.config.dilation_rate ?? 1, layer, "dilation_rate");
  const given = layer.config.strides;
  // A pooling layer without strides moves by its own size.
  const strides =
    given === undefined || given === null ? strideDefault(layer, kernel) : pair(given, layer, "strides");
  const same = layer.config.padding === "same";
  if (!same && layer.config.padding !== "valid" && layer.config.padding !== undefined) {
    throw new StepError(
      `layer ${layer.name}: padding ${JSON.stringify(layer.config.padding)} is not supported`,
    );
  }
  const rows = axis(input.height, kernel[0], strides[0], dilation[0], same);
  const columns = axis(input.width, kernel[1], strides[1], dilation[1], same);
  if (rows.size < 1 || columns.size < 1) {
    throw new StepError(
      `layer ${layer.name}: an image of ${input.height} × ${input.width} is too small for it`,
    );
  }
  const pads = [rows.before, columns.before, rows.after, columns.after] as const;
  return { kernel, strides, dilation, pads, height: rows.size, width: columns.size };
}

function strideDefault(layer: Layer, kernel: readonly [number, number]): readonly [number, number] {
  return layer.className.endsWith("Pooling2D") ? kernel : [1, 1];
}

function axis(input: number, kernel: number, stride: number, dilation: number, same: boolean) {
  const reach = (kernel - 1) * dilation + 1;
  if (!same) return { size: Math.floor((input - reach) / stride) + 1, before: 0, after: 0 };
  const size = Math.ceil(input / stride);
  const total = Math.max((size - 1) * stride + reach - input, 0);
  const before = Math.floor(total / 2);
  return { size, before, after: total - before };
}

/** A setting for both axes: a number, or one for each. */
export function pair(value: Json | undefined, layer: Layer, name: string): readonly [number, number] {
  const [a, b] = Array.isArray(value) ? (value as readonly Json[]) : [value, value];
  const good = (size: unknown): size is number => Number.isInteger(size) && (size as number) >= 1;
  if (good(a) && good(b)) return [a, b];
  throw new StepError(`layer ${layer.name}: ${name} ${JSON.stringify(value)} is no size`);
}
