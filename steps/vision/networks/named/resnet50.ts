import type { NamedNetwork } from "../named-network.ts";

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
    refused: [
      {
        md5: "a268eb855778b3df3c7506639542a6af",
        why: "the file of 2015 to 2019, which has the same name and belongs to another graph (other layer names, and an epsilon of 1e-3)",
      },
    ],
  },
  topology: async () => (await import("./resnet-topology.ts")).resnet("resnet50", [3, 4, 6, 3]),
};
