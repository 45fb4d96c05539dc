"""What Keras says of the layers of a network, for test/runtimes/contract.test.ts and test/cli/layers-keras.test.ts.

several.json: what the network of networks.py gives at several layers in one pass, joined.
frozen-*.json: the description of a network in which a part is frozen.
layers.json: Keras' summary of every network in test/golden/keras: by path name,
class, shape of what it gives (the first time, without the batch) and number of
parameters of each layer, and the totals.
"""
import os

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
os.environ["KERAS_BACKEND"] = "tensorflow"
import base64
import json
import pathlib

import keras
import numpy as np
import tf_keras

golden = pathlib.Path(__file__).parents[2] / "test/golden/keras"


def pixels(count, height, width):
    """The formula of networks.py."""
    h = np.arange(count * height * width * 3, dtype=np.uint32) + np.uint32(99)
    for shift, factor in ((16, 0x85EBCA6B), (13, 0xC2B2AE35)):
        h = (h ^ (h >> np.uint32(shift))) * np.uint32(factor)
    return ((h ^ (h >> np.uint32(16))) >> np.uint32(24)).astype(np.uint8).reshape(count, height, width, 3)


def several():
    written = json.loads((golden / "small/model.json").read_text())["modelTopology"]
    model = keras.models.model_from_json(json.dumps(written))
    model.load_weights(golden / "small.h5")
    batch = pixels(2, 31, 27).astype("float32") / 127.5 - 1
    cases = []
    for layers, pool in ((["tanh", "add", "global"], "none"), (["dense", "classes", "both"], "none"),
                         (["leaky", "relu6", "conv_b"], "average"), (["join", "max"], "max")):
        given = keras.Model(model.inputs, [model.get_layer(name).output for name in layers]).predict_on_batch(batch)
        how = dict(none=lambda a: a.reshape(len(a), -1), average=lambda a: a.mean((1, 2), dtype="float64"),
                   max=lambda a: a.max((1, 2)))[pool]
        rows = np.concatenate([how(one) for one in given], axis=1)
        values = base64.b64encode(np.ascontiguousarray(rows, "<f4").tobytes()).decode()
        cases.append(dict(layers=layers, pool=pool, length=rows.shape[1], values=values))
    (golden / "several.json").write_text(json.dumps(dict(size=[31, 27], scaling="tf", cases=cases)) + "\n")


def shape(layer):
    """Where it is a list, of the first."""
    node = layer._inbound_nodes[0]
    given = node.output_shapes if hasattr(node, "output_shapes") else node.output_tensors
    first = given[0] if isinstance(given, list) else given
    return list(getattr(first, "shape", first))[1:]


def parts(model):
    """With the functions, which Keras 3 does not count among the layers."""
    inner = getattr(model, "_functional", None) or model
    return getattr(inner, "operations", model.layers)


def rows(model, prefix=""):
    for layer in parts(model):
        path = prefix + layer.name
        yield [path, type(layer).__name__, shape(layer), layer.count_params() if hasattr(layer, "count_params") else 0]
        if hasattr(layer, "layers"):
            yield from rows(layer, f"{path}/")


def summary(model):
    trainable = sum(int(np.prod(weight.shape)) for weight in model.trainable_weights)
    return dict(total=model.count_params(), trainable=trainable, layers=list(rows(model)))


def load(library, path):
    if path.suffix in (".keras", ".h5"):
        # An .h5 file names a function without its module, and Keras does not find it again.
        found = {} if library is tf_keras else {name: one for module in (keras.src.ops.nn, keras.src.ops.numpy)
                                                for name, one in vars(module).items() if isinstance(one, type)}
        own = {name: one for name, one in found.items() if not hasattr(keras.layers, name)}
        return library.models.load_model(path, compile=False, custom_objects=own)
    written = json.loads((path / "model.json" if path.is_dir() else path).read_text())
    topology = written.get("modelTopology", written)
    model = topology.get("model_config", topology)
    return library.models.model_from_json(json.dumps(model))


def frozen(library):
    """Transfer learning: a model within the model that is not trained, and a layer beside it that is used twice."""
    layers = library.layers
    inputs = library.Input((12, 10, 3), name="in")
    x = layers.BatchNormalization(name="norm")(layers.Conv2D(4, 3, name="conv")(inputs))
    base = library.Model(inputs, layers.ReLU(name="bend")(x), name="base")
    base.trainable = False
    picture = library.Input((12, 10, 3), name="picture")
    shared = layers.BatchNormalization(name="shared")
    x = layers.SeparableConv2D(6, 3, name="separable")(shared(shared(base(picture))))
    x = layers.LayerNormalization(name="even")(layers.GlobalAveragePooling2D(name="pool")(x))
    return library.Model(picture, layers.Dense(2, name="classes")(x), name="transfer")


def all_networks():
    for library in (keras, tf_keras):
        file = golden / f"frozen-{library.__name__}.json"
        file.write_text(frozen(library).to_json() + "\n")
        yield file.name, library, file
    yield "small", keras, golden / "small"
    for case in sorted((golden / "random").iterdir()):
        about = json.loads((case / "case.json").read_text())
        yield f"random/{case.name}/{about['path']}", dict(keras=keras, tf_keras=tf_keras)[about["keras"]], case / about["path"]


several()
lines = [f"{json.dumps(name)}: {json.dumps(summary(load(library, path)))}" for name, library, path in all_networks()]
(golden / "layers.json").write_text("{\n" + ",\n".join(lines) + "\n}\n")
