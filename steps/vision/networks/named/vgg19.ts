import type { NamedNetwork } from "../named-network.ts";

/** keras.applications.vgg19: 224 × 224 pixels, "caffe" scaling, file and md5 as keras/src/applications/vgg19.py has them. */
export const vgg19: NamedNetwork = {
  size: [224, 224],
  scaling: "caffe",
  weights: {
    kind: "file",
    name: "vgg19-imagenet",
    path: "weights/vgg19_weights_tf_dim_ordering_tf_kernels_notop.h5",
    bytes: 80_134_624,
    md5: "253f8cb515780f3b799900260a226db6",
    what: "VGG19's ImageNet weights (Keras)",
    url: "https://storage.googleapis.com/tensorflow/keras-applications/vgg19/vgg19_weights_tf_dim_ordering_tf_kernels_notop.h5",
  },
  topology: async () => (await import("./vgg-topology.ts")).vgg("vgg19", [2, 2, 4, 4, 4]),
};
