import type { NamedNetwork } from "../named-network.ts";

/** keras.applications.mobilenet_v3: 224 × 224 pixels, scaled inside, file and md5 as keras/src/applications/mobilenet_v3.py has them. */
export const mobilenetV3Large: NamedNetwork = {
  size: [224, 224],
  scaling: "none",
  weights: {
    kind: "file",
    name: "mobilenet_v3_large-imagenet",
    path: "weights/weights_mobilenet_v3_large_224_1.0_float_no_top_v2.h5",
    bytes: 12_683_000,
    md5: "07fb09a5933dd0c8eaafa16978110389",
    what: "MobileNet v3 large's ImageNet weights (Keras)",
    url: "https://storage.googleapis.com/tensorflow/keras-applications/mobilenet_v3/weights_mobilenet_v3_large_224_1.0_float_no_top_v2.h5",
  },
  topology: async (size = [224, 224]) => (await import("./mobilenet-v3-large-topology.ts")).topology(size),
};
