import type { NamedNetwork } from "../named-network.ts";

/** keras.applications.efficientnet: 224 × 224 pixels, scaled inside, file and md5 as keras/src/applications/efficientnet.py has them. */
export const efficientnetB0: NamedNetwork = {
  size: [224, 224],
  scaling: "none",
  weights: {
    kind: "file",
    name: "efficientnet_b0-imagenet",
    path: "weights/efficientnetb0_notop.h5",
    bytes: 16_705_208,
    md5: "50bc09e76180e00e4465e1a485ddc09d",
    what: "EfficientNet-B0's ImageNet weights (Keras)",
    url: "https://storage.googleapis.com/keras-applications/efficientnetb0_notop.h5",
  },
  topology: async (size = [224, 224]) => (await import("./efficientnet-topology.ts")).topology(size),
};
