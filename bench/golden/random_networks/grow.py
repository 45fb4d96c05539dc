"""How layers become a network: in a row, in branches that meet again, used twice, and as models within models."""
import os
import sys

import numpy as np

from . import layers as one
from .functions import arithmetic, called, limits, two_values
from .drawing import Draw, L, is_3, is_image, keras


def grow(d, x):
    """One more layer, or several."""
    shape = tuple(x.shape)
    options = IMAGE if is_image(shape) else VECTOR if len(shape) == 2 else ANY
    for _ in range(20):
        try:
            y = d.one(options)(d, x, shape)
        except (ValueError, TypeError, AttributeError) as error:
            if os.environ.get("SHOW"):
                print(str(error)[:300], file=sys.stderr)
            continue
        if y is not None and all(size is None or 0 < size < 4097 for size in y.shape) and np.prod(y.shape[1:]) < 40000:
            return y
    return x


def merge(d, x, s):
    kind = d.one([L.Add, L.Multiply, L.Average, L.Maximum, L.Minimum, L.Subtract])
    others = [same_or_fitting(d, x, s) for _ in range(1 if kind is L.Subtract else d.upto(1, 2))]
    operands = [x, *others]
    if d.flip(0.3):
        operands.reverse()
    return kind(**d.common("merge"))(operands)


def same_or_fitting(d, x, s):
    if not is_image(s):
        return L.Dense(s[-1], name=d.name("same"))(x)
    if d.flip(0.3):  # as squeeze and excitation has it
        y = L.GlobalAveragePooling2D(keepdims=True, name=d.name("squeeze"))(x)
        return L.Dense(s[3], activation="sigmoid", name=d.name("excite"))(y)
    return L.Conv2D(d.one([s[3], s[3], 1]), d.upto(1, 3), padding="same", name=d.name("same"))(x)


def vector_meets_image(d, x, s):
    y = L.GlobalAveragePooling2D(name=d.name("squeeze"))(x)
    kind = d.one([L.Add, L.Multiply, L.Maximum, L.Average, L.Subtract])
    return kind(name=d.name("meet"))(d.one([[x, y], [y, x]]))


def concat(d, x, s):
    others = []
    for _ in range(d.upto(1, 2)):
        others.append(L.Conv2D(d.upto(1, 4), 1, name=d.name("branch"))(x) if is_image(s) else
                      L.Dense(d.upto(1, 5), name=d.name("branch"))(x))
    return L.Concatenate(axis=d.one([-1, len(s) - 1]), **d.common("join"))([x, *others])


def concat_rows(d, x, s):
    return L.Concatenate(axis=d.one([1, 2, -2, -3]), name=d.name("join"))([x, L.Activation("tanh", name=d.name("act"))(x)])


def shared(d, x, s):
    layer = L.Conv2D(s[3], 3, padding="same", name=d.name("shared")) if is_image(s) else L.Dense(s[-1], name=d.name("shared"))
    return layer(L.Activation("tanh", name=d.name("act"))(layer(x)))


def nested(d, x, s):
    inner = inside(d)
    if d.flip(0.4):
        first = [L.Input(s[1:]) if is_3 else L.InputLayer(s[1:])]
        if is_image(s):
            rest = [L.Conv2D(inner.upto(1, 6), 3, padding="same", name=inner.name("c")), L.BatchNormalization(name=inner.name("b"))]
        else:
            rest = [L.Dense(5, name=inner.name("d")), L.ReLU(name=inner.name("r"))]
        model = keras.Sequential(first + rest, name=d.name("seq").replace("/", "_"))
    else:
        start = y = keras.Input(s[1:])
        for _ in range(inner.upto(1, 4)):
            y = grow(inner, y)
        if y is start:
            return None
        model = keras.Model(start, y, name=d.name("inner").replace("/", "_"))
    y = model(x)
    return model(y) if tuple(y.shape) == tuple(s) and d.flip() else y


def nested_two(d, x, s):
    """A model that takes two values and gives two."""
    inner = inside(d)
    a, b = keras.Input(s[1:]), keras.Input(s[1:])
    first = L.Maximum(name=inner.name("most"))([a, L.Activation("sigmoid", name=inner.name("act"))(b)])
    second = L.Subtract(name=inner.name("less"))([b, L.Dense(s[-1], name=inner.name("mix"))(a)])
    model = keras.Model([a, b], [first, second], name=d.name("two").replace("/", "_"))
    y, z = model([x, L.Activation("tanh", name=d.name("act"))(x)])
    if d.flip(0.3):
        y, z = model([z, y])
    return d.one([L.Multiply, L.Average, L.Subtract])(name=d.name("meet"))([y, z])


def inside(d):
    """Layers within a model have names that may be those of layers outside."""
    inner = Draw(d.upto(0, 10**6))
    inner.count = d.one([0, 100, 1000]) + d.count
    d.count += 40
    return inner


def straight(model):
    """The network as a sequential model, where it is a row of layers."""
    rest = model.layers[1:]
    is_row = len(getattr(model, "operations", model.layers)) == len(model.layers)
    is_row = is_row and all(type(layer).__name__ not in ("TFOpLambda", "Functional", "Sequential") for layer in rest)
    is_row = is_row and all(len(layer._inbound_nodes) == 1 and not isinstance(layer.input, list) for layer in rest)
    if not is_row or any(layer.input is not before.output for before, layer in zip(model.layers, rest)):
        return None
    first = keras.Input(model.input_shape[1:], name="picture") if is_3 else L.InputLayer(model.input_shape[1:], name="picture")
    try:
        copies = [type(layer).from_config(layer.get_config()) for layer in rest]
    except (ValueError, TypeError):  # Keras 2 writes more than it reads: a layer as the activation of a DepthwiseConv2D
        return None
    return keras.Sequential([first, *copies], name="network")


ALWAYS = [one.activation, one.relu, one.leaky, one.elu, one.prelu, one.norm, one.layer_norm, one.dense, one.nothing, one.rescaling,
          one.normalization, one.permute, one.reshape, called, called, arithmetic, arithmetic, limits, two_values, merge, concat,
          shared, nested, nested_two]
IMAGE = ALWAYS + [one.conv, one.conv, one.conv, one.conv_norm, one.conv_norm, one.depthwise, one.depthwise, one.separable,
                  one.transposed, one.transposed, one.pad, one.pad, one.pool, one.pool, one.crop, one.upsample, one.softmax,
                  one.global_pool, merge, concat_rows, vector_meets_image]
VECTOR = ALWAYS + [one.softmax, one.dense, one.reshape]
ANY = ALWAYS + [one.softmax, one.flatten, one.reshape] + [one.nothing] * 4
