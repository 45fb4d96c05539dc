import type { NamedNetwork } from "../named-network.ts";

/** keras.applications.mobilenet_v2: 224 × 224 pixels, "tf" scaling, file as keras/src/applications/mobilenet_v2.py has it; Keras knows no md5 of it. */
export const mobilenetV2: NamedNetwork = {
  size: [224, 224],
  scaling: "tf",
  weights: {
    kind: "file",
    name: "mobilenet_v2-imagenet",
    path: "weights/mobilenet_v2_weights_tf_dim_ordering_tf_kernels_1.0_224_no_top.h5",
    bytes: 9_406_464,
    what: "MobileNet v2's ImageNet weights (Keras)",
    url: "https://storage.googleapis.com/tensorflow/keras-applications/mobilenet_v2/mobilenet_v2_weights_tf_dim_ordering_tf_kernels_1.0_224_no_top.h5",
  },
  topology: async (size = [224, 224]) => (await import("./mobilenet-v2-topology.ts")).topology(size),
};
