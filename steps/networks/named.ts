import type { Requirement } from "../../engine/step-type.ts";

/**
 * How pixel values (0 to 255, RGB) are scaled before the first layer, as
 * keras.applications' preprocess_input names its modes, or (value − mean) / std.
 */
export type Scaling =
  | "caffe"
  | "tf"
  | "torch"
  | "none"
  | { readonly mean: number | readonly number[]; readonly std: number | readonly number[] };

/** What a network that is known by name knows of itself. */
export interface NamedNetwork {
  /** Height and width in pixels. */
  readonly size: readonly [height: number, width: number];
  readonly scaling: Scaling;
  /** ImageNet's weights in Keras' .h5 format. */
  readonly weights: Requirement;
}

/** keras.applications.resnet: 224 × 224 pixels, "caffe" scaling, file and md5 as keras/src/applications/resnet.py has them. */
const resnet50: NamedNetwork = {
  size: [224, 224],
  scaling: "caffe",
  weights: {
    name: "resnet50-imagenet",
    path: "weights/resnet50_weights_tf_dim_ordering_tf_kernels_notop.h5",
    bytes: 94_765_736,
    md5: "4d473c1dd8becc155b73f8504c6f6626",
    what: "ResNet-50's ImageNet weights (Keras)",
    url: "https://storage.googleapis.com/tensorflow/keras-applications/resnet/resnet50_weights_tf_dim_ordering_tf_kernels_notop.h5",
  },
};

export const namedNetworks: ReadonlyMap<string, NamedNetwork> = new Map([["resnet50", resnet50]]);
