import type { Builder } from "../graph/builder.ts";
import type { Binary, Value } from "../graph/graph.ts";
import type { Scaling } from "../preprocessing.ts";

/**
 * Pixels as they are decoded (uint8, RGB) become what the network takes
 * (float32), as keras.applications.imagenet_utils has it.
 */
export function appendScaling(builder: Builder, scaling: Scaling): Value {
  const values = builder.add({ op: "cast", input: builder.input });
  const { bgr, mean, std } = constantsOf(scaling);
  const ordered = bgr ? builder.add({ op: "gather", input: values, axis: 2, indices: [2, 1, 0] }) : values;
  const each = (kind: Binary, left: Value, numbers: readonly number[]): Value =>
    builder.add({ op: "binary", kind, left, right: { shape: [1, 1, 3], data: Float32Array.from(numbers) } });
  const centered = mean.some((value) => value !== 0) ? each("subtract", ordered, mean) : ordered;
  return std.some((value) => value !== 1) ? each("divide", centered, std) : centered;
}

export interface ScalingConstants {
  /** Whether blue comes first. */
  readonly bgr: boolean;
  readonly mean: readonly number[];
  readonly std: readonly number[];
}

/** What is subtracted from the channels, and what they are divided by then. */
export function constantsOf(scaling: Scaling): ScalingConstants {
  switch (scaling) {
    case "caffe":
      return { bgr: true, mean: [103.939, 116.779, 123.68], std: [1, 1, 1] };
    case "tf":
      return { bgr: false, mean: [127.5, 127.5, 127.5], std: [127.5, 127.5, 127.5] };
    case "torch":
      return {
        bgr: false,
        mean: [0.485, 0.456, 0.406].map((value) => value * 255),
        std: [0.229, 0.224, 0.225].map((value) => value * 255),
      };
    case "none":
      return { bgr: false, mean: [0, 0, 0], std: [1, 1, 1] };
    default:
      return { bgr: false, mean: threeOf(scaling.mean), std: threeOf(scaling.std) };
  }
}

function threeOf(value: number | readonly number[]): readonly number[] {
  return typeof value === "number" ? [value, value, value] : value;
}
