import type { NamedNetwork } from "../named-network.ts";

/** keras.applications.resnet: 224 × 224 pixels, "caffe" scaling, file and md5 as keras/src/applications/resnet.py has them. */
export const resnet152: NamedNetwork = {
  size: [224, 224],
  scaling: "caffe",
  weights: {
    kind: "file",
    name: "resnet152-imagenet",
    path: "weights/resnet152_weights_tf_dim_ordering_tf_kernels_notop.h5",
    bytes: 234_698_864,
    md5: "ee4c566cf9a93f14d82f913c2dc6dd0c",
    what: "ResNet-152's ImageNet weights (Keras)",
    url: "https://storage.googleapis.com/tensorflow/keras-applications/resnet/resnet152_weights_tf_dim_ordering_tf_kernels_notop.h5",
  },
  topology: async () => (await import("./resnet-topology.ts")).resnet("resnet152", [3, 8, 36, 3]),
};
