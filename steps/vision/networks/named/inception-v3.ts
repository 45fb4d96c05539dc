import type { NamedNetwork } from "../named-network.ts";

/** keras.applications.inception_v3: 299 × 299 pixels, "tf" scaling, file and md5 as keras/src/applications/inception_v3.py has them. */
export const inceptionV3: NamedNetwork = {
  size: [299, 299],
  scaling: "tf",
  weights: {
    kind: "file",
    name: "inception_v3-imagenet",
    path: "weights/inception_v3_weights_tf_dim_ordering_tf_kernels_notop.h5",
    bytes: 87_910_968,
    md5: "bcbd6486424b2319ff4ef7d526e38f63",
    what: "Inception v3's ImageNet weights (Keras)",
    url: "https://storage.googleapis.com/tensorflow/keras-applications/inception_v3/inception_v3_weights_tf_dim_ordering_tf_kernels_notop.h5",
  },
  topology: async () => (await import("./inception-v3-topology.ts")).topology(),
};
