import type { NamedNetwork } from "../named-network.ts";

/** keras.applications.resnet: 224 × 224 pixels, "caffe" scaling, file and md5 as keras/src/applications/resnet.py has them. */
export const resnet101: NamedNetwork = {
  size: [224, 224],
  scaling: "caffe",
  weights: {
    kind: "file",
    name: "resnet101-imagenet",
    path: "weights/resnet101_weights_tf_dim_ordering_tf_kernels_notop.h5",
    bytes: 171_446_536,
    md5: "88cf7a10940856eca736dc7b7e228a21",
    what: "ResNet-101's ImageNet weights (Keras)",
    url: "https://storage.googleapis.com/tensorflow/keras-applications/resnet/resnet101_weights_tf_dim_ordering_tf_kernels_notop.h5",
  },
  topology: async () => (await import("./resnet-topology.ts")).resnet("resnet101", [3, 4, 23, 3]),
};
