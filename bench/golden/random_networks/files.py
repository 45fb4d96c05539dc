"""The forms in which Keras saves a network, tfjs as the converter has it."""
import json
import zipfile

import numpy as np

from .drawing import is_3, keras
from .weights import all_layers


# tfjs16: with weights as float16, which are given to the network too.
FORMS = ["tfjs", "tfjs16", "h5", "keras", "weights", "config"] if is_3 else ["tfjs", "tfjs16", "h5", "keras", "weights", "old"]


def halve(model):
    model.set_weights([w.astype("float16").astype("float32") if w.dtype.kind == "f" else w for w in model.get_weights()])
    for layer in all_layers(model):
        if type(layer).__name__ == "Normalization":
            layer.finalize_state()


def save(model, form, folder):
    """What case.json says of it: the network's path, and that of its weights where they are another file."""
    if form in ("tfjs", "tfjs16"):
        write_tfjs(model, folder / "model", "float16" if form == "tfjs16" else "float32")
        return dict(path="model")
    if form in ("weights", "old"):
        weights = "w.weights.h5" if form == "weights" else "w.h5"
        (folder / "model.json").write_text(model.to_json())
        model.save_weights(folder / weights)
        return dict(path="model.json", h5=weights)
    if form == "config":  # a .keras file, taken apart
        model.save(folder / "model.keras")
        with zipfile.ZipFile(folder / "model.keras") as whole:
            whole.extractall(folder / "apart")
        (folder / "model.keras").unlink()
        return dict(path="apart/config.json", h5="apart/model.weights.h5")
    model.save(folder / f"model.{form}")
    return dict(path=f"model.{form}")


def write_tfjs(model, folder, precision):
    folder.mkdir()
    specs, data = [], []
    for layer in model.layers:
        for weight, value in zip(layer.weights, layer.get_weights()):
            name = weight.path if is_3 else weight.name.split(":")[0]
            is_float = value.dtype.kind == "f"
            spec = dict(name=name, shape=list(value.shape), dtype="float32" if is_float else "int32")
            if is_float and precision == "float16":
                spec["quantization"] = dict(dtype="float16", original_dtype="float32")
            specs.append(spec)
            data.append(value.astype(precision if is_float else "int32").tobytes())
    blob = b"".join(data)
    half = len(blob) // 2
    paths = ["group1-shard1of2.bin", "group1-shard2of2.bin"]
    for path, part in zip(paths, (blob[:half], blob[half:])):
        (folder / path).write_bytes(part)
    topology = dict(keras_version=keras.__version__, backend="tensorflow", model_config=json.loads(model.to_json()))
    (folder / "model.json").write_text(json.dumps(dict(
        format="layers-model", generatedBy=f"keras v{keras.__version__}", convertedBy="networks_random.py",
        modelTopology=topology, weightsManifest=[dict(paths=paths, weights=specs)])))


def write(folder, case, pixels, expected, exact):
    (folder / "case.json").write_text(json.dumps(case))
    (folder / "pixels.bin").write_bytes(pixels.tobytes())
    (folder / "expected.bin").write_bytes(np.ascontiguousarray(expected, "<f4").tobytes())
    if exact is not None:
        (folder / "exact.bin").write_bytes(np.ascontiguousarray(exact, "<f8").tobytes())
