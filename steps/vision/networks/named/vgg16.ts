import type { NamedNetwork } from "../named-network.ts";

/** keras.applications.vgg16: 224 × 224 pixels, "caffe" scaling, file and md5 as keras/src/applications/vgg16.py has them. */
export const vgg16: NamedNetwork = {
  size: [224, 224],
  scaling: "caffe",
  weights: {
    kind: "file",
    name: "vgg16-imagenet",
    path: "weights/vgg16_weights_tf_dim_ordering_tf_kernels_notop.h5",
    bytes: 58_889_256,
    md5: "6d6bbae143d832006294945121d1f1fc",
    what: "VGG16's ImageNet weights (Keras)",
    url: "https://storage.googleapis.com/tensorflow/keras-applications/vgg16/vgg16_weights_tf_dim_ordering_tf_kernels_notop.h5",
  },
  topology: async () => (await import("./vgg-topology.ts")).vgg("vgg16", [2, 2, 3, 3, 3]),
};
