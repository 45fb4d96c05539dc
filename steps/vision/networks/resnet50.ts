import type { NamedNetwork } from "./named-network.ts";

/** keras.applications.resnet: 224 × 224 pixels, "caffe" scaling, file and md5 as keras/src/applications/resnet.py has them. */
export const resnet50: NamedNetwork = {
  size: [224, 224],
  scaling: "caffe",
  weights: {
    kind: "file",
    name: "resnet50-imagenet",
    path: "weights/resnet50_weights_tf_dim_ordering_tf_kernels_notop.h5",
    bytes: 94_765_736,
    md5: "4d473c1dd8becc155b73f8504c6f6626",
    what: "ResNet-50's ImageNet weights (Keras)",
    url: "https://storage.googleapis.com/tensorflow/keras-applications/resnet/resnet50_weights_tf_dim_ordering_tf_kernels_notop.h5",
  },
  // Every command knows the name; only what computes the network needs its layers.
  topology: async () => (await import("./resnet50-topology.ts")).topology(),
};
