"""keras.applications with random weights as Keras saves them, and the features it gives, for networks_compare.mjs.

networks_big.py <folder> [name …]
"""
import json
import pathlib
import sys

from random_networks.drawing import keras, np
from random_networks.files import write
from random_networks.pictures import scaled, smooth
from random_networks.precision import features, features_in_double, moved_by_rounding

NAMES = ["DenseNet121", "InceptionV3", "MobileNet", "MobileNetV2", "MobileNetV3Large", "EfficientNetB0", "Xception",
         "NASNetMobile", "ResNet50V2", "VGG16"]
SIZES = {"NASNetMobile": 224, "VGG16": 96}
# As keras.applications has it; some have it inside.
SCALINGS = {"DenseNet121": "torch", "VGG16": "caffe", "EfficientNetB0": "none", "MobileNetV3Large": "none"}


def fill(model, random, batch):
    """
    He-normal kernels, and normalizations by the data, so that depth changes nothing's size. Half of the mean is
    left in: where all of it goes, every normalization makes a rounding larger (Yang et al., "A Mean Field Theory of
    Batch Normalization", 2019), and after thirty of random kernels, not of trained ones, Keras' features are no
    longer sharp.
    """
    for layer in model.layers:
        weights = layer.get_weights()
        if isinstance(layer, keras.layers.BatchNormalization):
            layer.call = settling(layer, random)
        elif isinstance(layer, keras.layers.Normalization):
            layer.set_weights([np.full_like(weights[0], 0.45), np.full_like(weights[1], 0.08), *weights[2:]])
            layer.finalize_state()
        else:
            layer.set_weights([random.normal(0, np.sqrt(2 / fan_in(layer, weight)) if value.ndim > 1 else 0.05, value.shape)
                               for weight, value in zip(layer.weights, weights)])
    model(batch)
    for layer in model.layers:
        if isinstance(layer, keras.layers.BatchNormalization):
            del layer.call


def settling(layer, random):
    """What takes its statistics from the first values that it is given."""
    def call(values, **settings):
        x = np.asarray(values).reshape(-1, values.shape[-1]).astype("float64")
        mean = x.mean(0) * 0.5 + random.uniform(-0.1, 0.1, x.shape[1]) * x.std(0)
        layer.moving_mean.assign(mean)
        layer.moving_variance.assign(((x - mean) ** 2).mean() * random.uniform(0.8, 1.3, x.shape[1]) + 1e-4)
        if layer.scale:
            layer.gamma.assign(random.uniform(0.7, 1.3, x.shape[1]))
        if layer.center:
            layer.beta.assign(random.uniform(0, 1, x.shape[1]))
        return type(layer).call(layer, values, **settings)
    return call


def fan_in(layer, weight):
    """How many values one of a layer's comes from."""
    is_depthwise = isinstance(layer, keras.layers.DepthwiseConv2D) or "depthwise" in weight.name
    return np.prod(weight.shape[:2] if is_depthwise else weight.shape[:-1])


def make(name, folder):
    random = np.random.default_rng(7)
    size = SIZES.get(name, 160)
    model = getattr(keras.applications, name)(weights=None, input_shape=(size, size, 3))
    scaling = SCALINGS.get(name, "tf")
    pixels = smooth(random, 16, size)
    fill(model, random, scaled(pixels, scaling))
    pixels = pixels[:2]
    batch = scaled(pixels, scaling)
    layer = [l for l in model.layers if len(l.output.shape) == 4 and l.output.shape[1] > 1][-1]
    expected = features(model, layer.output, batch)
    exact = features_in_double(model, layer.name, batch)
    moved = moved_by_rounding(model, layer.output, batch, random)
    off = float(np.abs(expected - exact).max() / np.abs(exact).max())
    for form in ("h5", "keras"):
        place = folder / f"{name}-{form}"
        place.mkdir(parents=True)
        model.save(place / f"model.{form}")
        case = dict(path=f"model.{form}", form=form, size=[size, size], scaling=scaling, layer=layer.name, count=2, moved=moved)
        write(place, case, pixels, expected, exact)
    print(name, f"{model.count_params()} weights, {layer.name} {expected.shape} up to {np.abs(expected).max():.3g};",
          f"moved by rounding {moved:.2e}, from double precision {off:.2e}", flush=True)


for wanted in sys.argv[2:] or NAMES:
    make(wanted, pathlib.Path(sys.argv[1]))
    keras.backend.clear_session()
