import type { NamedNetwork } from "../named-network.ts";

/** keras.applications.densenet: 224 × 224 pixels, "torch" scaling, file and md5 as keras/src/applications/densenet.py has them. */
export const densenet121: NamedNetwork = {
  size: [224, 224],
  scaling: "torch",
  weights: {
    kind: "file",
    name: "densenet121-imagenet",
    path: "weights/densenet121_weights_tf_dim_ordering_tf_kernels_notop.h5",
    bytes: 29_084_464,
    md5: "30ee3e1110167f948a6b9946edeeb738",
    what: "DenseNet-121's ImageNet weights (Keras)",
    url: "https://storage.googleapis.com/tensorflow/keras-applications/densenet/densenet121_weights_tf_dim_ordering_tf_kernels_notop.h5",
  },
  topology: async () => (await import("./densenet-topology.ts")).densenet("densenet121", [6, 12, 24, 16]),
};
