import type { NamedNetwork } from "../named-network.ts";

/** keras.applications.mobilenet: 224 × 224 pixels, "tf" scaling, file as keras/src/applications/mobilenet.py has it; Keras knows no md5 of it. */
export const mobilenet: NamedNetwork = {
  size: [224, 224],
  scaling: "tf",
  weights: {
    kind: "file",
    name: "mobilenet-imagenet",
    path: "weights/mobilenet_1_0_224_tf_no_top.h5",
    bytes: 17_225_924,
    what: "MobileNet's ImageNet weights (Keras)",
    url: "https://storage.googleapis.com/tensorflow/keras-applications/mobilenet/mobilenet_1_0_224_tf_no_top.h5",
  },
  topology: async () => (await import("./mobilenet-topology.ts")).topology(),
};
