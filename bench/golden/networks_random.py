"""Random networks and what Keras makes of them, for networks_compare.mjs.

networks_random.py <keras|tf_keras> <folder> <count> [first seed]

Each is a folder with the network in one of the forms that Keras saves (tfjs:
the converter's form of model.json, written here), pictures (pixels.bin), the
features that Keras gives (expected.bin) and case.json. A seed gives the same
network whatever else is made. Layers are drawn from all that flow supports,
with all their settings, odd sizes, and normalizations whose statistics are
those of the data, more or less.
"""
import json
import os
import pathlib
import sys
import warnings

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
os.environ["KERAS_BACKEND"] = "tensorflow"
os.environ["CUDA_VISIBLE_DEVICES"] = ""
warnings.filterwarnings("ignore")
import numpy as np
import tensorflow as tf

is_3 = sys.argv[1] == "keras"
if is_3:
    import keras
else:
    import tf_keras as keras
L = keras.layers

ACTIVATIONS = ["linear", "relu", "sigmoid", "tanh", "elu", "selu", "softplus", "softsign", "swish", "gelu",
               "hard_sigmoid", "exponential", "softmax", "leaky_relu"]
ACTIVATIONS += ["relu6", "silu", "hard_silu", "hard_swish", "mish"] if is_3 else ["relu6", "mish"]
if not is_3:
    ACTIVATIONS = [name for name in ACTIVATIONS if name not in ("relu6",)]


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

    def name(self, word):
        self.count += 1
        slash = "/" if not is_3 and self.flip(0.3) else "_"
        return f"{word}{slash}{self.count}"


def image(shape):
    return len(shape) == 4


def grow(d, x):
    """One more layer, or several."""
    shape = tuple(x.shape)
    options = IMAGE if image(shape) else VECTOR if len(shape) == 2 else ANY
    for _ in range(20):
        try:
            y = d.one(options)(d, x, shape)
        except (ValueError, TypeError) as error:
            if os.environ.get("SHOW"):
                print(error, file=sys.stderr)
            continue
        if y is not None and all(size is None or 0 < size < 4097 for size in y.shape) and np.prod(y.shape[1:]) < 40000:
            return y
    return x


def conv(d, x, s):
    groups = d.one([1, 1, 1, s[3]]) if s[3] <= 8 else 1
    strides, dilation = (d.one([1, 2, (2, 1), 3]), 1) if d.flip() else (1, d.one([1, 2, (1, 2)]))
    return L.Conv2D(groups * d.upto(1, 6), (d.upto(1, 5), d.upto(1, 5)), strides=strides, dilation_rate=dilation,
                    padding=d.one(["same", "valid"]), groups=groups, use_bias=d.flip(0.7),
                    activation=d.one(["linear", "linear", d.one(ACTIVATIONS)]), name=d.name("conv"))(x)


def depthwise(d, x, s):
    strides, dilation = (d.one([1, 2]), 1) if d.flip() else (1, d.one([1, 2]))
    return L.DepthwiseConv2D((d.upto(1, 4), d.upto(1, 4)), strides=strides, dilation_rate=dilation,
                             padding=d.one(["same", "valid"]), depth_multiplier=d.upto(1, 3), use_bias=d.flip(),
                             activation=d.one(["linear", d.one(ACTIVATIONS)]), name=d.name("dw"))(x)


def separable(d, x, s):
    strides, dilation = (d.one([1, 2]), 1) if d.flip() else (1, d.one([1, 2]))
    return L.SeparableConv2D(d.upto(1, 8), d.upto(1, 4), strides=strides, dilation_rate=dilation,
                             padding=d.one(["same", "valid"]), depth_multiplier=d.upto(1, 2), use_bias=d.flip(),
                             activation=d.one(["linear", "relu"]), name=d.name("sep"))(x)


def transposed(d, x, s):
    strides = d.one([1, 2, 3, (2, 1)])
    kernel = d.upto(1, 5)
    more = d.upto(0, 1) if strides in (2, 3) and d.flip(0.3) and kernel > 1 else None
    return L.Conv2DTranspose(d.upto(1, 5), kernel, strides=strides, padding=d.one(["same", "valid"]),
                             output_padding=more, use_bias=d.flip(), name=d.name("up"))(x)


def norm(d, x, s):
    return L.BatchNormalization(epsilon=d.one([1e-3, 1e-5, 1.001e-5]), center=d.flip(0.8), scale=d.flip(0.8),
                                name=d.name("bn"))(x)


def conv_norm(d, x, s):
    x = L.Conv2D(d.upto(2, 8), d.upto(1, 3), padding="same", use_bias=d.flip(), name=d.name("conv"))(x)
    x = L.BatchNormalization(name=d.name("bn"))(x)
    return L.ReLU(name=d.name("relu"))(x)


def layer_norm(d, x, s):
    axis = d.one([-1, [1, 2, 3], [2, 3]]) if image(s) else -1
    if s[-1] == 1 and axis == -1:  # of one number nothing is left but rounding
        return None
    return L.LayerNormalization(axis=axis, epsilon=d.one([1e-3, 1e-6]), center=d.flip(0.8), scale=d.flip(0.8),
                                name=d.name("ln"))(x)


def activation(d, x, s):
    return L.Activation(d.one(ACTIVATIONS), name=d.name("act"))(x)


def called(d, x, s):
    names = ["relu", "sigmoid", "tanh", "elu", "selu", "softplus", "softsign", "gelu", "exponential"]
    return getattr(keras.activations, d.one(names))(x)


def relu(d, x, s):
    return L.ReLU(max_value=d.one([None, 6.0, 1.5]), negative_slope=d.one([0.0, 0.1, 0.3]),
                  threshold=d.one([0.0, 0.4871, 0.2337]), name=d.name("relu"))(x)


def leaky(d, x, s):
    return L.LeakyReLU(d.one([0.3, 0.01, 0.2]), name=d.name("leaky"))(x)


def elu(d, x, s):
    return L.ELU(alpha=d.one([1.0, 0.5, 2.0]), name=d.name("elu"))(x)


def prelu(d, x, s):
    shared = d.one([None, [1, 2], [1]]) if image(s) else None
    return L.PReLU(shared_axes=shared, alpha_initializer=keras.initializers.RandomUniform(0, 0.5),
                   name=d.name("prelu"))(x)


def softmax(d, x, s):
    return L.Softmax(axis=d.one([-1, 1, 2]) if image(s) else -1, name=d.name("softmax"))(x)


def pad(d, x, s):
    sides = d.one([1, (2, 1), ((1, 0), (0, 2)), ((3, 3), (3, 3)), ((0, 1), (0, 1))])
    x = L.ZeroPadding2D(sides, name=d.name("pad"))(x)
    if d.flip(0.7):
        return d.one([pool, conv, depthwise])(d, x, tuple(x.shape))
    return x


def pool(d, x, s):
    kind = d.one([L.MaxPooling2D, L.AveragePooling2D])
    return kind(d.one([2, 3, (2, 3), (1, 2)]), strides=d.one([None, 1, 2, (1, 2)]), padding=d.one(["same", "valid"]),
                name=d.name("pool"))(x)


def global_pool(d, x, s):
    kind = d.one([L.GlobalMaxPooling2D, L.GlobalAveragePooling2D])
    return kind(keepdims=d.flip(0.4), name=d.name("global"))(x)


def crop(d, x, s):
    return L.Cropping2D(d.one([1, (0, 1), ((1, 0), (2, 1))]), name=d.name("crop"))(x)


def upsample(d, x, s):
    # Positions are float32 in Keras too: far from the origin they are not sharp.
    modes = ["nearest", "bilinear"] if max(s[1:3]) <= 64 else ["nearest"]
    return L.UpSampling2D(d.one([2, 3, (1, 2), (3, 2)]), interpolation=d.one(modes),
                          name=d.name("resize"))(x)


def permute(d, x, s):
    order = [int(axis) + 1 for axis in d.r.permutation(len(s) - 1)]
    return L.Permute(order, name=d.name("permute"))(x)


def reshape(d, x, s):
    length = int(np.prod(s[1:]))
    divisors = [n for n in range(1, 9) if length % n == 0]
    n = d.one(divisors)
    target = d.one([(n, -1), (-1,), (n, 1, -1), (length // n, n), (1, -1, n)])
    return L.Reshape(target, name=d.name("reshape"))(x)


def flatten(d, x, s):
    return L.Flatten(name=d.name("flatten"))(x)


def dense(d, x, s):
    layer = L.LeakyReLU(0.1) if is_3 else L.LeakyReLU(alpha=0.25)
    return L.Dense(d.upto(1, 12), use_bias=d.flip(0.8), activation=d.one(["linear", "relu", layer, d.one(ACTIVATIONS)]),
                   name=d.name("dense"))(x)


def nothing(d, x, s):
    kinds = [lambda: L.Dropout(0.4, name=d.name("drop")), lambda: L.GaussianNoise(0.2, name=d.name("noise")),
             lambda: L.GaussianDropout(0.3, name=d.name("gd")), lambda: L.AlphaDropout(0.2, name=d.name("ad")),
             lambda: L.ActivityRegularization(0.1, name=d.name("ar"))]
    if image(s):
        kinds.append(lambda: L.SpatialDropout2D(0.4, name=d.name("sd")))
    return d.one(kinds)()(x)


def rescaling(d, x, s):
    each = [float(v) for v in d.r.uniform(0.5, 1.5, s[-1])]
    return L.Rescaling(d.one([1 / 127.5, 0.5, each]), offset=d.one([0.0, -1.0, 0.3]), name=d.name("rescale"))(x)


def normalization(d, x, s):
    if d.flip():
        return L.Normalization(axis=-1, name=d.name("normal"))(x)
    each = dict(mean=[float(v) for v in d.r.uniform(-1, 1, s[-1])], variance=[float(v) for v in d.r.uniform(0.1, 2, s[-1])])
    return L.Normalization(**d.one([each, dict(axis=None, mean=0.3, variance=0.5)]), name=d.name("normal"))(x)


def merge(d, x, s):
    kinds = [L.Add, L.Multiply, L.Average, L.Maximum, L.Minimum, L.Subtract]
    kind = d.one(kinds)
    others = [grow_same(d, x, s) for _ in range(1 if kind is L.Subtract else d.upto(1, 2))]
    return kind(name=d.name("merge"))([x, *others])


def grow_same(d, x, s):
    if image(s):
        if d.flip(0.4):  # as squeeze and excitation has it
            y = L.GlobalAveragePooling2D(keepdims=True, name=d.name("squeeze"))(x)
            return L.Dense(s[3], activation="sigmoid", name=d.name("excite"))(y)
        return L.Conv2D(s[3], d.upto(1, 3), padding="same", name=d.name("same"))(x)
    return L.Dense(s[-1], name=d.name("same"))(x)


def vector_meets_image(d, x, s):
    y = L.GlobalAveragePooling2D(name=d.name("squeeze"))(x)
    return d.one([L.Add, L.Multiply])(name=d.name("meet"))([x, y])


def concat(d, x, s):
    others = []
    for _ in range(d.upto(1, 2)):
        others.append(L.Conv2D(d.upto(1, 4), 1, name=d.name("branch"))(x) if image(s) else
                      L.Dense(d.upto(1, 5) if len(s) == 2 else s[-1], name=d.name("branch"))(x))
    axis = -1 if not image(s) else d.one([-1, 3])
    return L.Concatenate(axis=axis, name=d.name("join"))([x, *others])


def concat_rows(d, x, s):
    return L.Concatenate(axis=d.one([1, 2]), name=d.name("join"))([x, L.Activation("tanh", name=d.name("act"))(x)])


def arithmetic(d, x, s):
    each = d.r.uniform(0.5, 1.5, s[-1]).astype("float32")
    number = d.one([3.0, 0.5, each])
    return d.one([lambda: x + number, lambda: x * number, lambda: x - number, lambda: number - x, lambda: x / number,
                  lambda: -x, lambda: x + x * 0.5])()


def limits(d, x, s):
    module = keras.ops if is_3 else tf
    return module.maximum(x, d.one([0.0, -0.2])) if d.flip() else module.minimum(x, d.one([0.3, 1.0]))


def shared(d, x, s):
    layer = L.Conv2D(s[3], 3, padding="same", name=d.name("shared")) if image(s) else L.Dense(s[-1], name=d.name("shared"))
    return layer(L.Activation("tanh", name=d.name("act"))(layer(x)))


def nested(d, x, s, depth=0):
    inner = Draw(d.upto(0, 10**6))
    inner.count = d.one([0, 100, 1000]) + d.count
    d.count += 40
    if d.flip(0.4):
        layers = [L.Input(s[1:]) if is_3 else L.InputLayer(s[1:])]
        if image(s):
            layers += [L.Conv2D(inner.upto(1, 6), 3, padding="same", name=inner.name("c")),
                       L.BatchNormalization(name=inner.name("b"))]
        else:
            layers += [L.Dense(5, name=inner.name("d")), L.ReLU(name=inner.name("r"))]
        model = keras.Sequential(layers, name=d.name("seq").replace("/", "_"))
    else:
        start = y = keras.Input(s[1:])
        for _ in range(inner.upto(1, 4)):
            y = grow(inner, y)
        if y is start:
            return None
        model = keras.Model(start, y, name=d.name("inner").replace("/", "_"))
    y = model(x)
    if tuple(y.shape) == tuple(s) and d.flip():
        y = model(y)
    return y


EVERY = [activation, called, relu, leaky, elu, prelu, norm, layer_norm, dense, nothing, arithmetic, limits, merge, concat,
         shared, rescaling, normalization, nested, permute, reshape]
IMAGE = EVERY + [conv, conv, conv_norm, conv_norm, depthwise, separable, transposed, pad, pad, pool, pool, crop, upsample, softmax,
                 concat_rows, vector_meets_image, global_pool]
VECTOR = [f for f in EVERY if f not in (permute,)] + [softmax, dense]
ANY = [activation, relu, leaky, dense, nothing, arithmetic, permute, reshape, flatten, layer_norm, softmax]


def all_layers(model):
    for layer in model.layers:
        if hasattr(layer, "layers"):
            yield from all_layers(layer)
        else:
            yield layer


def fill(model, d, batch):
    for layer in all_layers(model):
        kind = type(layer).__name__
        weights = layer.get_weights()
        if kind == "BatchNormalization" or not weights:
            continue
        if kind == "Normalization":
            layer.set_weights([d.r.uniform(-0.5, 0.5, weights[0].shape), d.r.uniform(0.2, 2, weights[1].shape), *weights[2:]])
            layer.finalize_state()
        elif kind == "LayerNormalization":
            layer.set_weights([d.r.uniform(-1, 1.5, w.shape).astype("float32") for w in weights])
        else:
            layer.set_weights([w if w.ndim > 1 else d.r.normal(0, 0.1, w.shape).astype("float32") for w in weights])
    fill_norms(model, d, batch)


def fill_norms(model, d, batch):
    """Mean and variance are those of the data, within a half, as after training."""
    for layer in model.layers:
        if hasattr(layer, "layers"):
            fill_norms(layer, d, np.asarray(keras.Model(model.inputs, layer_input(layer, model))(batch)))
        elif type(layer).__name__ == "BatchNormalization":
            data = np.asarray(keras.Model(model.inputs, layer_input(layer, model))(batch)).reshape(-1, layer.get_weights()[-1].shape[0])
            mean, variance = data.mean(0), data.var(0)
            names = ([] if not layer.scale else ["gamma"]) + ([] if not layer.center else ["beta"])
            values = {"gamma": d.r.uniform(0.5, 1.5, mean.shape), "beta": d.r.uniform(-0.5, 0.5, mean.shape)}
            layer.set_weights([*(values[name] for name in names), mean + d.r.uniform(-0.2, 0.2, mean.shape) * np.sqrt(variance),
                               variance * d.r.uniform(0.7, 1.4, mean.shape) + 1e-4])


def layer_input(layer, model):
    node = layer._inbound_nodes[-1 if hasattr(layer, "layers") else 0]
    if hasattr(layer, "layers"):  # the first use in this model
        for candidate in layer._inbound_nodes[1:] or layer._inbound_nodes:
            node = candidate
            break
    tensors = node.input_tensors if is_3 else node.keras_inputs
    return tensors[0]


def write_tfjs(model, folder):
    folder.mkdir()
    specs, data = [], []
    for layer in model.layers:
        for weight, value in zip(layer.weights, layer.get_weights()):
            name = weight.path if is_3 else weight.name.split(":")[0]
            dtype = "float32" if value.dtype.kind == "f" else "int32"
            specs.append(dict(name=name, shape=list(value.shape), dtype=dtype))
            data.append(value.astype(dtype).tobytes())
    blob = b"".join(data)
    half = len(blob) // 2
    paths = ["group1-shard1of2.bin", "group1-shard2of2.bin"]
    for path, part in zip(paths, (blob[:half], blob[half:])):
        (folder / path).write_bytes(part)
    topology = dict(keras_version=keras.__version__, backend="tensorflow", model_config=json.loads(model.to_json()))
    (folder / "model.json").write_text(json.dumps(dict(
        format="layers-model", generatedBy=f"keras v{keras.__version__}", convertedBy="networks_random.py",
        modelTopology=topology, weightsManifest=[dict(paths=paths, weights=specs)])))


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


def save(model, d, folder):
    form = d.one(["tfjs", "h5", "keras", "weights"])
    if form == "tfjs":
        write_tfjs(model, folder / "model")
        return dict(path="model")
    if form == "weights":
        (folder / "model.json").write_text(model.to_json())
        model.save_weights(folder / "w.weights.h5")
        return dict(path="model.json", h5="w.weights.h5")
    model.save(folder / f"model.{form}")
    return dict(path=f"model.{form}")


def make(seed, folder):
    d = Draw(seed)
    size = (d.upto(9, 33), d.upto(9, 33))
    scaling = d.one(["tf", "torch", dict(mean=128, std=64), "tf", dict(mean=[120, 110, 100], std=[60, 61, 62])])
    inputs = x = keras.Input((*size, 3), name="picture")
    for _ in range(d.upto(2, 9)):
        x = grow(d, x)
    if x is inputs:
        return None
    model = keras.Model(inputs, x, name="network")
    pixels = d.r.integers(0, 256, (2, *size, 3), dtype=np.uint8)
    batch = scaled(pixels, scaling)
    fill(model, d, batch)
    cuts = [layer for layer in model.layers[1:] if len(layer._inbound_nodes) == 1 and not hasattr(layer, "layers")]
    layer = d.one(cuts) if cuts and d.flip(0.3) else None
    output = x if layer is None else layer.output
    expected = np.asarray(keras.Model(inputs, output)(batch, training=False))
    most = np.abs(expected).max()
    if not np.isfinite(expected).all() or most > 1e6 or most == 0 or expected.size < 2:
        return None
    # Where a rounding of the pixels shows in the features, no two programs agree.
    rounded = (batch * (1 + d.r.normal(0, 1e-7, batch.shape))).astype("float32")
    if np.abs(np.asarray(keras.Model(inputs, output)(rounded, training=False)) - expected).max() > 3e-6 * most:
        return None
    folder.mkdir(parents=True)
    case = dict(size=size, scaling=scaling, layer=name_of(output, model), count=2, keras=sys.argv[1],
                **save(model, d, folder))
    if expected.ndim == 4 and d.flip(0.3):
        case["pool"] = d.one(["average", "max"])
        expected = expected.mean((1, 2)) if case["pool"] == "average" else expected.max((1, 2))
    kinds = sorted({type(l).__name__ for l in all_layers(model)})
    (folder / "case.json").write_text(json.dumps(dict(**case, layers=kinds)))
    (folder / "pixels.bin").write_bytes(pixels.tobytes())
    (folder / "expected.bin").write_bytes(np.ascontiguousarray(expected, "<f4").tobytes())
    return kinds


def name_of(output, model):
    """The layer that gives it; of a layer that is used more than once the last use."""
    name = output._keras_history[0].name
    layer = next(l for l in model.get_config()["layers"] if l.get("name", l["config"].get("name")) == name)
    uses = len(layer["inbound_nodes"])
    return f"{name}:{uses}" if uses > 1 else name


def main():
    folder, count = pathlib.Path(sys.argv[2]), int(sys.argv[3])
    seed = int(sys.argv[4]) if len(sys.argv) > 4 else 0
    seen, made = {}, 0
    while made < count:
        kinds = None
        try:
            kinds = make(seed, folder / f"{sys.argv[1]}-{seed:05}")
        except (ValueError, TypeError, tf.errors.OpError) as error:
            if os.environ.get("SHOW"):
                print(seed, str(error)[:500], file=sys.stderr)
        seed += 1
        if kinds is None:
            continue
        made += 1
        for kind in kinds:
            seen[kind] = seen.get(kind, 0) + 1
        keras.backend.clear_session()
    print(json.dumps(dict(networks=made, layers=seen), indent=1))


if __name__ == "__main__":
    main()
