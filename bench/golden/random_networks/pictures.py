"""Pixels, and what becomes of them before a network takes them (keras.applications.imagenet_utils)."""
import numpy as np
import tensorflow as tf


def smooth(random, count, size):
    """Patches of colour with some noise: of noise alone little is left deep in a network but its mean."""
    patches = random.uniform(0, 255, (count, 7, 7, 3)).astype("float32")
    pixels = tf.image.resize(patches, (size, size), method="bicubic").numpy() + random.normal(0, 8, (count, size, size, 3))
    return np.clip(pixels, 0, 255).astype(np.uint8)


def scaled(pixels, scaling):
    x = pixels.astype("float32")
    if scaling == "caffe":
        return x[..., ::-1] - np.array([103.939, 116.779, 123.68], "float32")
    if scaling == "tf":
        return x / np.float32(127.5) - 1
    if scaling == "torch":
        return (x / 255 - np.array([0.485, 0.456, 0.406], "float32")) / np.array([0.229, 0.224, 0.225], "float32")
    if scaling == "none":
        return x
    return (x - np.float32(scaling["mean"])) / np.float32(scaling["std"])
