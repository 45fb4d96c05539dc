"""What Keras makes of the networks that flow knows by name, for test/networks/named.test.ts: test/golden/keras/named.

Their weights are far too large to keep. A formula gives them (`value`; the test has the same), but for two numbers of
each normalization, which are the data's and are kept.

networks_named.py all, or names
"""
import base64
import hashlib
import json
import pathlib
import sys

from random_networks.drawing import keras, np
from random_networks.precision import features, features_in_double, moved_by_rounding
from keras.src.applications import efficientnet

folder = pathlib.Path(__file__).parents[2] / "test/golden/keras/named"

# Class; mode of preprocess_input, where the network does not have it inside; sizes: the smallest, and one with odd halves.
SMALL = ((32, 32), (33, 47))
LARGER = ((32, 32), (45, 67))
NETWORKS = {
    "resnet50": ("ResNet50", "caffe", SMALL),
    "resnet101": ("ResNet101", "caffe", SMALL),
    "resnet152": ("ResNet152", "caffe", SMALL),
    "resnet50v2": ("ResNet50V2", "tf", SMALL),
    "vgg16": ("VGG16", "caffe", LARGER),
    "vgg19": ("VGG19", "caffe", LARGER),
    "mobilenet": ("MobileNet", "tf", LARGER),
    "mobilenet_v2": ("MobileNetV2", "tf", SMALL),
    "mobilenet_v3_large": ("MobileNetV3Large", None, SMALL),
    "densenet121": ("DenseNet121", "torch", LARGER),
    "inception_v3": ("InceptionV3", "tf", ((75, 75), (107, 78))),
    "xception": ("Xception", "tf", ((71, 71), (72, 85))),
    "efficientnet_b0": ("EfficientNetB0", None, SMALL),
}
COUNT = 2
KEPT = 2048


def make(name, size):
    keras.backend.clear_session()
    network = getattr(keras.applications, NETWORKS[name][0])
    about = dict(include_top=False, input_shape=(*size, 3))
    if name != "efficientnet_b0":
        return network(weights=None, **about)
    # Only with ImageNet's weights it has its second rescaling: it is made as if they had been loaded.
    get, load = efficientnet.file_utils.get_file, efficientnet.Functional.load_weights
    efficientnet.file_utils.get_file = efficientnet.Functional.load_weights = lambda *args, **settings: None
    try:
        return network(weights="imagenet", **about)
    finally:
        efficientnet.file_utils.get_file, efficientnet.Functional.load_weights = get, load


def mix(values):
    h = values.astype(np.uint32)
    for shift, factor in ((16, 0x85EBCA6B), (13, 0xC2B2AE35)):
        h = (h ^ (h >> np.uint32(shift))) * np.uint32(factor)
    return h ^ (h >> np.uint32(16))


def uniform(layer, index, count):
    """From 0 to 1, by the layer's name and which of its weights it is."""
    seed = 0
    for letter in f"{layer}/{index}":
        seed = (seed * 31 + ord(letter)) % 2**32
    return mix(np.arange(count, dtype=np.uint32) + np.uint32(seed)) / 2**32


def value(layer, index, role, shape, norm):
    """He-normal in variance; normalizations by what they are given, with mean and deviation in `norm`."""
    count = int(np.prod(shape))
    u = uniform(layer, index, count)
    if role == "kernel" or role.endswith("_kernel"):
        fan_in = shape[0] * shape[1] if role == "depthwise_kernel" else count / shape[-1]
        u = (u * 2 - 1) * np.sqrt(6 / fan_in)
    elif role == "gamma":
        u = u * 0.6 + 0.7
    elif role == "bias":
        u = u * 0.2 - 0.1
    elif role == "moving_mean":
        u = norm[0] * 0.5 + (u * 0.4 - 0.2) * norm[1]
    elif role == "moving_variance":
        u = (u * 0.5 + 0.8) * (norm[1] * norm[1])
    elif role == "mean":
        u = u * 0.1 + 0.4
    elif role == "variance":
        u = u * 0.1 + 0.2
    elif role != "beta":
        raise ValueError(f"{layer} has a weight {role}")
    return u.astype(np.float32).reshape(shape)


def role_of(layer, weight):
    role = weight.path.split("/")[-1]
    return "depthwise_kernel" if isinstance(layer, keras.layers.DepthwiseConv2D) and role == "kernel" else role


def fill(model, norms):
    for layer in model.layers:
        for index, weight in enumerate(layer.weights):
            role = role_of(layer, weight)
            if role != "count":
                weight.assign(value(layer.name, index, role, tuple(weight.shape), norms.get(layer.name)))
        if isinstance(layer, keras.layers.Normalization):
            layer.finalize_state()


def settle(model, batch):
    """
    Mean and deviation of what each normalization is given, the deviation from half of the mean: where all of it goes,
    every normalization makes a rounding larger (Yang et al., "A Mean Field Theory of Batch Normalization", 2019), and
    after a hundred of random kernels Keras' features would not be sharp.
    """
    norms = {}

    def settling(layer):
        def call(values, **settings):
            x = np.asarray(values).astype("float64")
            mean = x.mean()
            norms[layer.name] = [float(f"{n:.4g}") for n in (mean, np.sqrt(((x - mean / 2) ** 2).mean()))]
            for index, weight in enumerate(layer.weights):
                weight.assign(value(layer.name, index, role_of(layer, weight), tuple(weight.shape), norms[layer.name]))
            return type(layer).call(layer, values, **settings)
        return call

    layers = [layer for layer in model.layers if isinstance(layer, keras.layers.BatchNormalization)]
    fill(model, {layer.name: (0, 1) for layer in layers})
    for layer in layers:
        layer.call = settling(layer)
    model(batch)
    for layer in layers:
        del layer.call
    return norms


def pictures(count, height, width):
    """Patches of colour with some noise: of noise alone little is left deep in a network but its mean."""
    n, y, x, c = np.indices((count, height, width, 3), dtype=np.uint32)
    patches = mix(((n * 64 + (y >> 3)) * 64 + (x >> 3)) * 3 + c + 7) >> np.uint32(24)
    noise = mix(np.arange(n.size, dtype=np.uint32) + np.uint32(99)).reshape(n.shape) >> np.uint32(27)
    return np.clip(patches.astype(int) + noise.astype(int) - 16, 0, 255).astype(np.uint8)


def batch_of(name, pixels):
    mode = NETWORKS[name][1]
    x = pixels.astype("float32")
    return x if mode is None else keras.applications.imagenet_utils.preprocess_input(x, mode=mode)


def write(name):
    sizes = NETWORKS[name][2]
    norms, cases = None, []
    for size in sizes:
        model = make(name, size)
        batch = batch_of(name, pictures(COUNT, *size))
        if norms is None:
            norms = settle(model, batch)
        fill(model, norms)
        expected = features(model, model.output, batch)
        exact = features_in_double(model, None, batch)
        most = float(np.abs(expected).max())
        step = -(-expected.size // KEPT) | 1
        kept = expected.ravel()[::step].astype("<f4")
        cases.append(dict(size=size, shape=expected.shape[1:], most=most, step=step,
                          values=base64.b64encode(kept.tobytes()).decode()))
        moved = moved_by_rounding(model, model.output, batch, np.random.default_rng(7))
        off = float(np.abs(expected - exact).max() / np.abs(exact).max())
        print(f"{name} {size}: {model.count_params()} weights, {expected.shape} up to {most:.3g}, {len(kept)} kept;",
              f"moved by rounding {moved:.2e}, from double precision {off:.2e}", flush=True)
    names = [layer.name for layer in model.layers if not isinstance(layer, keras.layers.InputLayer)]
    about = dict(keras=keras.__version__, parameters=model.count_params(), layers=len(names),
                 names=hashlib.sha256("\n".join(names).encode()).hexdigest(), norms=norms, cases=cases)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{name}.json").write_text(json.dumps(about, separators=(",", ":")) + "\n")


if __name__ == "__main__":
    for wanted in NETWORKS if sys.argv[1] == "all" else sys.argv[1:]:
        write(wanted)
