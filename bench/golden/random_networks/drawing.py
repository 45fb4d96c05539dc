"""Keras 3 or Keras 2 (tf_keras), as the command line says, and what is drawn by a seed."""
import os
import sys
import warnings

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
os.environ["KERAS_BACKEND"] = "tensorflow"
os.environ["CUDA_VISIBLE_DEVICES"] = ""
# oneDNN ends the process at some convolutions ("could not create a primitive descriptor").
os.environ["TF_ENABLE_ONEDNN_OPTS"] = "0"
warnings.filterwarnings("ignore")
import numpy as np
import tensorflow as tf

is_3 = sys.argv[1] != "tf_keras"
if is_3:
    import keras
else:
    import tf_keras as keras
L = keras.layers


def is_known(name):
    try:
        return callable(keras.activations.get(name))
    except ValueError:
        return False


# All that flow knows by name; Keras 2 has some of them.
ACTIVATIONS = [name for name in (
    "linear", "relu", "relu6", "leaky_relu", "elu", "selu", "gelu", "silu", "swish", "mish", "sigmoid", "hard_sigmoid",
    "hard_silu", "hard_swish", "hard_tanh", "tanh", "softplus", "softsign", "exponential", "softmax") if is_known(name)]


class Draw:
    def __init__(self, seed):
        self.r = np.random.default_rng(seed)
        self.count = 0

    def one(self, items):
        return items[int(self.r.integers(len(items)))]

    def upto(self, low, high):
        return int(self.r.integers(low, high + 1))

    def flip(self, chance=0.5):
        return bool(self.r.random() < chance)

    def numbers(self, low, high, shape):
        return self.r.uniform(low, high, shape).astype("float32")

    def name(self, word):
        self.count += 1
        slash = "/" if not is_3 and self.flip(0.3) else "_"
        return f"{word}{slash}{self.count}"

    def common(self, word):
        """What any layer may be told."""
        more = {}
        if self.flip(0.1):
            more["trainable"] = False
        if self.flip(0.1):
            more["dtype"] = "float32"
        return dict(name=self.name(word), **more)

    def training(self, *weights):
        """What matters while a layer with these weights is trained."""
        kinds = {"regularizer": keras.regularizers.L2(1e-4), "constraint": keras.constraints.MaxNorm(3)}
        chosen = {f"{weight}_{kind}": value for weight in weights for kind, value in kinds.items() if self.flip(0.1)}
        return {**chosen, **({"activity_regularizer": keras.regularizers.L1(1e-5)} if self.flip(0.1) else {})}


def is_image(shape):
    return len(shape) == 4
