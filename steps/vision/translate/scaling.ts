import type { Scaling } from "../preprocessing.ts";
import type { Builder } from "./builder.ts";

/**
 * Pixels as they are decoded (uint8, N × H × W × 3, RGB) become what the network
 * takes (float32, N × 3 × H × W), as keras.applications.imagenet_utils has it.
 */
export function appendScaling(builder: Builder, pixels: string, scaling: Scaling): string {
  const planes = builder.node("Transpose", [pixels], { perm: { ints: [0, 3, 1, 2] } });
  const values = builder.node("Cast", [planes], { to: { int: 1 } });
  const { bgr, mean, std } = constantsOf(scaling);
  const ordered = bgr
    ? builder.node("Gather", [values, builder.integers([2, 1, 0])], { axis: { int: 1 } })
    : values;
  const perChannel = (numbers: readonly number[]): string =>
    builder.floats([1, 3, 1, 1], Float32Array.from(numbers));
  const centered = mean.some((value) => value !== 0)
    ? builder.node("Sub", [ordered, perChannel(mean)])
    : ordered;
  return std.some((value) => value !== 1) ? builder.node("Div", [centered, perChannel(std)]) : centered;
}

interface Constants {
  readonly bgr: boolean;
  readonly mean: readonly number[];
  readonly std: readonly number[];
}

function constantsOf(scaling: Scaling): Constants {
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
