"""keras.applications with random weights as Keras saves them, and the features it gives, for networks_compare.mjs.

networks_big.py <folder> [name …]
"""
import json
import os
import pathlib
import sys

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
os.environ["KERAS_BACKEND"] = "tensorflow"
os.environ["CUDA_VISIBLE_DEVICES"] = ""
import keras
import numpy as np

NAMES = ["DenseNet121", "InceptionV3", "MobileNet", "MobileNetV2", "MobileNetV3Large", "EfficientNetB0", "Xception",
         "NASNetMobile", "ResNet50V2", "VGG16"]
SIZES = {"NASNetMobile": 224, "VGG16": 96}


def fill(model, random, batch):
    """He-normal kernels, and normalizations with the statistics of the data, so that depth changes nothing's size."""
    for layer in model.layers:
        weights = layer.get_weights()
        if not weights or isinstance(layer, keras.layers.BatchNormalization):
            continue
        if isinstance(layer, keras.layers.Normalization):
            layer.set_weights([np.full_like(weights[0], 0.45), np.full_like(weights[1], 0.08), *weights[2:]])
            layer.finalize_state()
            continue
        layer.set_weights([random.normal(0, np.sqrt(2 / max(1, np.prod(w.shape[:-1]))), w.shape) if w.ndim > 1
                           else random.normal(0, 0.05, w.shape) for w in weights])
    norms = [layer for layer in model.layers if isinstance(layer, keras.layers.BatchNormalization)]
    for layer in norms:
        layer.momentum = 0.0
    for _ in range(2):
        model(batch, training=True)
    for layer in norms:
        mean, variance = layer.moving_mean, layer.moving_variance
        shape = tuple(mean.shape)
        mean.assign(np.asarray(mean) + random.uniform(-0.1, 0.1, shape) * np.sqrt(np.asarray(variance)))
        variance.assign(np.maximum(np.asarray(variance), 1e-3) * random.uniform(0.8, 1.3, shape))
        if layer.scale:
            layer.gamma.assign(random.uniform(0.7, 1.3, shape))
        if layer.center:
            layer.beta.assign(random.uniform(-0.3, 0.3, shape))
        layer.momentum = 0.99


def make(name, folder):
    random = np.random.default_rng(7)
    size = SIZES.get(name, 160)
    model = getattr(keras.applications, name)(weights=None, input_shape=(size, size, 3))
    pixels = random.integers(0, 256, (2, size, size, 3), dtype=np.uint8)
    batch = pixels.astype("float32") / np.float32(127.5) - 1
    fill(model, random, np.concatenate([batch, -batch, batch[:, ::-1], batch[:, :, ::-1]]))
    layer = [l for l in model.layers if len(l.output.shape) == 4 and l.output.shape[1] > 1][-1]
    features = np.asarray(keras.Model(model.inputs, layer.output)(batch, training=False))
    for form in ("h5", "keras"):
        place = folder / f"{name}-{form}"
        place.mkdir(parents=True)
        model.save(place / f"model.{form}")
        (place / "case.json").write_text(json.dumps(dict(path=f"model.{form}", size=[size, size], scaling="tf", count=2, layer=layer.name)))
        (place / "pixels.bin").write_bytes(pixels.tobytes())
        (place / "expected.bin").write_bytes(np.ascontiguousarray(features, "<f4").tobytes())
    print(name, model.count_params(), layer.name, features.shape, float(np.abs(features).max()), flush=True)


for wanted in sys.argv[2:] or NAMES:
    make(wanted, pathlib.Path(sys.argv[1]))
    keras.backend.clear_session()
