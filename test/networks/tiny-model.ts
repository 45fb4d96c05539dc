import type { JsonObject } from "../../engine/json.ts";

export interface TinyModel {
  /** Rows and columns of its pictures. */
  readonly size: readonly [number, number];
  /** Files of its weights. */
  readonly paths: readonly string[];
  readonly weights?: readonly JsonObject[];
  /** More layers, after the convolution. */
  readonly layers?: readonly JsonObject[];
}

/** The model.json of a 1 × 1 convolution `conv` to two channels, sequential as TensorFlow.js writes it. */
export function tinyModel({ size, paths, weights = float32Weights, layers = [] }: TinyModel): JsonObject {
  const conv = {
    class_name: "Conv2D",
    config: {
      name: "conv",
      filters: 2,
      kernel_size: [1, 1],
      strides: [1, 1],
      padding: "valid",
      batch_input_shape: [null, ...size, 3],
    },
  };
  return {
    modelTopology: { class_name: "Sequential", config: { name: "tiny", layers: [conv, ...layers] } },
    weightsManifest: [{ paths, weights }],
  };
}

const float32Weights: readonly JsonObject[] = [
  { name: "conv/kernel", shape: [1, 1, 3, 2], dtype: "float32" },
  { name: "conv/bias", shape: [2], dtype: "float32" },
];
