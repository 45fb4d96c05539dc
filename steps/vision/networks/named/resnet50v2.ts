import type { NamedNetwork } from "../named-network.ts";

/** keras.applications.resnet_v2: 224 × 224 pixels, "tf" scaling, file and md5 as keras/src/applications/resnet.py has them. */
export const resnet50v2: NamedNetwork = {
  size: [224, 224],
  scaling: "tf",
  weights: {
    kind: "file",
    name: "resnet50v2-imagenet",
    path: "weights/resnet50v2_weights_tf_dim_ordering_tf_kernels_notop.h5",
    bytes: 94_668_760,
    md5: "fac2f116257151a9d068a22e544a4917",
    what: "ResNet-50 v2's ImageNet weights (Keras)",
    url: "https://storage.googleapis.com/tensorflow/keras-applications/resnet/resnet50v2_weights_tf_dim_ordering_tf_kernels_notop.h5",
  },
  topology: async () => (await import("./resnet-v2-topology.ts")).resnetV2("resnet50v2", [3, 4, 6, 3]),
};
