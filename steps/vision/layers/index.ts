import { activation } from "./activation.ts";
import { batchNormalization } from "./batch-normalization.ts";
import { concatenate } from "./concatenate.ts";
import { conv2d } from "./conv2d.ts";
import { conv2dTranspose } from "./conv2d-transpose.ts";
import { cropping2d } from "./cropping2d.ts";
import { dense } from "./dense.ts";
import { depthwiseConv2d } from "./depthwise-conv2d.ts";
import { dropout } from "./dropout.ts";
import { elu } from "./elu.ts";
import { flatten } from "./flatten.ts";
import { functions, gelu } from "./functions.ts";
import { globalAveragePooling2d, globalMaxPooling2d } from "./global-pooling2d.ts";
import type { AnyLayerKind } from "./layer.ts";
import { layerNormalization } from "./layer-normalization.ts";
import { leakyRelu } from "./leaky-relu.ts";
import { merge } from "./merge.ts";
import { normalization } from "./normalization.ts";
import { permute } from "./permute.ts";
import { averagePooling2d, maxPooling2d } from "./pooling2d.ts";
import { prelu } from "./prelu.ts";
import { relu } from "./relu.ts";
import { rescaling } from "./rescaling.ts";
import { reshape } from "./reshape.ts";
import { separableConv2d } from "./separable-conv2d.ts";
import { softmax } from "./softmax.ts";
import { upSampling2d } from "./up-sampling2d.ts";
import { zeroPadding2d } from "./zero-padding2d.ts";

/** Every layer that flow can compute. */
const kinds: readonly AnyLayerKind[] = [
  conv2d,
  depthwiseConv2d,
  separableConv2d,
  conv2dTranspose,
  dense,
  batchNormalization,
  layerNormalization,
  normalization,
  rescaling,
  activation,
  relu,
  leakyRelu,
  elu,
  prelu,
  softmax,
  gelu,
  functions,
  dropout,
  zeroPadding2d,
  cropping2d,
  upSampling2d,
  maxPooling2d,
  averagePooling2d,
  globalMaxPooling2d,
  globalAveragePooling2d,
  merge,
  concatenate,
  flatten,
  reshape,
  permute,
];

/** By the name of the class. */
export const layerKinds: ReadonlyMap<string, AnyLayerKind> = new Map(
  kinds.flatMap((kind) => kind.classes.map((name) => [name, kind] as const)),
);
