"""Functions that are called on values, and arithmetic with constants."""
import numpy as np
import tensorflow as tf

from .drawing import ACTIVATIONS, is_3, keras


def called(d, x, s):
    """A function of one value: Keras 3's operations, TensorFlow's in Keras 2, or an activation."""
    if d.flip(0.4):
        # Keras 2 takes these apart into functions that no layer needs; Keras 3 has no mish of a value that is not there yet.
        apart = ["mish"] if is_3 else ["hard_sigmoid", "mish", "softmax"]
        return keras.activations.get(d.one([name for name in ACTIVATIONS if name not in apart]))(x)
    return d.one(KERAS if is_3 else TENSORFLOW)(d, x)


def plain(module, *names):
    return [lambda d, x, name=name: getattr(module, name)(x) for name in names]


if is_3:
    K = keras.ops
    KERAS = plain(K, "relu", "relu6", "selu", "silu", "swish", "sigmoid", "hard_sigmoid", "hard_silu", "hard_swish", "hard_tanh",
                  "tanh", "softplus", "softsign", "exp", "negative", "abs", "absolute", "gelu", "leaky_relu", "elu", "softmax") + [
        lambda d, x: K.sqrt(K.abs(x)),
        lambda d, x: K.sqrt(K.add(K.relu(x), 0.1)),
        lambda d, x: K.gelu(x, approximate=d.flip()),
        lambda d, x: K.leaky_relu(x, negative_slope=d.one([0.1, 0.4])),
        lambda d, x: K.elu(x, alpha=d.one([0.5, 2.0])),
        lambda d, x: K.softmax(x, axis=d.one([1, -1])),
        lambda d, x: keras.activations.gelu(x, approximate=True),
        lambda d, x: keras.activations.relu(x, negative_slope=d.one([0.0, 0.2]), max_value=d.one([None, 2.0]),
                                            threshold=d.one([0.0, 0.3127])),
        lambda d, x: keras.activations.leaky_relu(x, negative_slope=0.35),
        lambda d, x: keras.activations.elu(x, alpha=0.6),
    ]
TENSORFLOW = plain(tf.nn, "relu", "relu6", "leaky_relu", "elu", "selu", "gelu", "silu", "swish", "sigmoid", "tanh", "softplus",
                   "softsign", "softmax") + plain(tf.math, "negative", "abs", "exp", "sigmoid", "tanh", "softplus") + [
    lambda d, x: tf.math.sqrt(tf.math.abs(x)),
    lambda d, x: tf.sqrt(tf.nn.relu(x) + 0.1),
    lambda d, x: tf.nn.gelu(x, approximate=d.flip()),
    lambda d, x: tf.nn.leaky_relu(x, alpha=d.one([0.1, 0.4])),
    lambda d, x: tf.nn.softmax(x, axis=d.one([1, -1])),
]


def constant(d, s, low, high):
    """One number, or an array that fits: for each channel, for each value, with the batch's axis."""
    shape = d.one([(), (), (s[-1],), (1, s[-1]), tuple(s[1:]), (1,) * (len(s) - 1) + (s[-1],)])
    if shape == ():
        return round(float(d.r.uniform(low, high)), 3)
    if len(shape) > len(s) or np.prod(shape) > 600:
        shape = (s[-1],)
    array = d.numbers(low, high, shape)
    return tf.constant(array) if d.flip(0.2) and not is_3 else array


def arithmetic(d, x, s):
    number = constant(d, s, 0.5, 1.5)
    written = [lambda: x + number, lambda: number + x, lambda: x * number, lambda: x - number, lambda: number - x,
               lambda: x / number, lambda: -x, lambda: abs(x), lambda: x + x * 0.5, lambda: number / (abs(x) + 0.5)]
    module = keras.ops if is_3 else tf.math
    named = [lambda: module.add(x, number), lambda: module.subtract(x, number), lambda: module.multiply(x, number),
             lambda: module.divide(x, number), lambda: module.subtract(number, x), lambda: module.divide(number, module.abs(x) + 0.5)]
    named += [lambda: module.true_divide(x, number)] if is_3 else [lambda: module.truediv(x, number)]
    return d.one(written + named)()


def limits(d, x, s):
    module = keras.ops if is_3 else tf
    if d.flip():
        return module.maximum(x, d.one([0.0, -0.2, constant(d, s, -0.5, 0.3)]))
    return module.minimum(x, d.one([0.3, 1.0, constant(d, s, 0.2, 1.0)]))


def two_values(d, x, s):
    """Functions of two values, one of them with sizes of 1."""
    y = abs(x) if len(s) != 4 or d.flip() else keras.layers.GlobalAveragePooling2D(keepdims=True, name=d.name("squeeze"))(x)
    module = keras.ops if is_3 else tf.math
    kinds = [lambda: x + y, lambda: x - y, lambda: y * x, lambda: x / (abs(y) + 1), lambda: module.maximum(x, y * 0.5),
             lambda: module.minimum(y, x)]
    return d.one(kinds)()
