"""What Keras computes, for test/networks/keras.test.ts: test/golden/keras.

small/: a network with every supported kind of layer, its weights as Keras
writes them (.h5), and the output of some of its layers.
resnet50.json: features of keras.applications.ResNet50 with weights that a
formula gives (`value` below; the test has the same), so that 94 MB of weights
need not be kept.
"""
import os

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
os.environ["KERAS_BACKEND"] = "tensorflow"
import base64
import json
import pathlib

import h5py
import keras
import numpy as np
from keras import layers
from keras.src.legacy.saving.legacy_h5_format import save_weights_to_hdf5_group

folder = pathlib.Path(__file__).parents[2] / "test/golden/keras"
folder.mkdir(parents=True, exist_ok=True)


def mix(values):
    h = values.astype(np.uint32)
    for shift, factor in ((16, 0x85EBCA6B), (13, 0xC2B2AE35)):
        h = (h ^ (h >> np.uint32(shift))) * np.uint32(factor)
    return h ^ (h >> np.uint32(16))


def value(name, role, shape):
    """uint32 hash of the position and of the name, as numbers that suit the role."""
    seed = 0
    for letter in f"{name}/{role}":
        seed = (seed * 31 + ord(letter)) % 2**32
    count = int(np.prod(shape))
    uniform = mix(np.arange(count, dtype=np.uint32) + np.uint32(seed)) / 2**32
    if role == "kernel":
        uniform = (uniform * 2 - 1) * np.sqrt(6 * shape[-1] / count)
    elif role in ("gamma", "moving_variance"):
        uniform = uniform + 0.5
    else:
        uniform = (uniform - 0.5) * 0.2
    return uniform.astype(np.float32).reshape(shape)


def fill(model):
    for layer in model.layers:
        for weight in layer.weights:
            role = weight.path.split("/")[-1]
            weight.assign(value(layer.name, role, tuple(weight.shape)))


def pixels(count, height, width):
    positions = np.arange(count * height * width * 3, dtype=np.uint32)
    return (mix(positions + np.uint32(99)) >> np.uint32(24)).astype(np.uint8).reshape(count, height, width, 3)


def encode(array):
    return base64.b64encode(np.ascontiguousarray(array, dtype="<f4").tobytes()).decode()


def small():
    x = inputs = keras.Input((31, 27, 3), name="picture")
    x = layers.ZeroPadding2D(((1, 2), (0, 1)), name="pad")(x)
    x = layers.Conv2D(8, 5, strides=2, padding="valid", name="conv_a")(x)
    x = layers.BatchNormalization(epsilon=1.001e-5, name="norm_a")(x)
    x = layers.ReLU(max_value=6, name="relu6")(x)
    a = layers.Conv2D(8, 3, strides=2, padding="same", activation="relu", name="conv_b")(x)
    b = layers.MaxPooling2D(3, strides=2, padding="same", name="max")(x)
    x = layers.Add(name="add")([a, b])
    d = layers.DepthwiseConv2D(3, padding="same", depth_multiplier=2, use_bias=False, name="depthwise")(x)
    d = layers.BatchNormalization(name="norm_b")(d)
    d = layers.LeakyReLU(negative_slope=0.2, name="leaky")(d)
    p = layers.AveragePooling2D(2, strides=1, padding="same", name="average")(x)
    x = layers.Concatenate(name="join")([d, p])
    x = layers.BatchNormalization(scale=False, name="norm_c")(x)
    x = layers.Conv2D(4, 2, dilation_rate=2, name="dilated")(x)
    x = layers.Activation("tanh", name="tanh")(x)
    g = layers.GlobalAveragePooling2D(name="global")(x)
    x = layers.Flatten(name="flatten")(x)
    x = layers.Dropout(0.5, name="dropout")(x)
    x = layers.Dense(12, activation="sigmoid", name="dense")(x)
    x = layers.Reshape((1, 3, 4), name="reshape")(x)
    x = layers.GlobalMaxPooling2D(name="top")(x)
    x = layers.Concatenate(name="both")([x, g])
    outputs = layers.Dense(3, activation="softmax", name="classes")(x)
    model = keras.Model(inputs, outputs, name="small")
    fill(model)
    (folder / "small").mkdir(exist_ok=True)
    topology = dict(modelTopology=json.loads(model.to_json()), weightsManifest=[])
    (folder / "small/model.json").write_text(json.dumps(topology) + "\n")
    with h5py.File(folder / "small.h5", "w") as file:
        save_weights_to_hdf5_group(file, model)
    batch = pixels(2, 31, 27)
    expected = {}
    for name in ("norm_a", "add", "leaky", "average", "norm_c", "tanh", "flatten", "both", "classes"):
        cut = keras.Model(inputs, model.get_layer(name).output)
        output = cut.predict_on_batch((batch.astype("float32") / 127.5 - 1))
        expected[name] = dict(shape=list(output.shape[1:]), values=encode(output))
    (folder / "small.json").write_text(json.dumps(dict(size=[31, 27], scaling="tf", outputs=expected)) + "\n")


def resnet50():
    model = keras.applications.ResNet50(weights=None, include_top=False, input_shape=(64, 64, 3))
    fill(model)
    batch = pixels(2, 64, 64)
    caffe = keras.applications.resnet.preprocess_input(batch.astype("float32"))
    output = model.predict_on_batch(caffe)
    (folder / "resnet50.json").write_text(json.dumps(dict(
        size=[64, 64], shape=list(output.shape[1:]), values=encode(output), parameters=model.count_params(),
        layers=[layer.name for layer in model.layers if layer.weights])) + "\n")


small()
resnet50()
