import type { NamedNetwork } from "../named-network.ts";

/** keras.applications.xception: 299 × 299 pixels, "tf" scaling, file and md5 as keras/src/applications/xception.py has them. */
export const xception: NamedNetwork = {
  size: [299, 299],
  scaling: "tf",
  weights: {
    kind: "file",
    name: "xception-imagenet",
    path: "weights/xception_weights_tf_dim_ordering_tf_kernels_notop.h5",
    bytes: 83_683_744,
    md5: "b0042744bf5b25fce3cb969f33bebb97",
    what: "Xception's ImageNet weights (Keras)",
    url: "https://storage.googleapis.com/tensorflow/keras-applications/xception/xception_weights_tf_dim_ordering_tf_kernels_notop.h5",
  },
  topology: async () => (await import("./xception-topology.ts")).topology(),
};
