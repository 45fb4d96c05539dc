"""Weights as a trained network has them."""
import numpy as np

from .drawing import is_3, keras


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
        if not weights or is_norm(layer):
            continue
        if kind == "Normalization":
            layer.set_weights([d.r.uniform(-0.5, 0.5, weights[0].shape), d.r.uniform(0.2, 2, weights[1].shape), *weights[2:]])
            layer.finalize_state()
        elif kind == "LayerNormalization":
            layer.set_weights([d.numbers(-1, 1.5, w.shape) for w in weights])
        else:
            layer.set_weights([w if w.ndim > 1 else d.r.normal(0, 0.1, w.shape).astype("float32") for w in weights])
    fill_norms(model, d, batch)


def is_norm(layer):
    return type(layer).__name__ in ("BatchNormalization", "SyncBatchNormalization")


def fill_norms(model, d, batch):
    """Mean and variance are those of the data, within a half, as after training."""
    for layer in model.layers:
        if hasattr(layer, "layers"):
            inputs = layer_inputs(layer)
            if all(type(inner).__name__ != "InputLayer" for inner in layer.layers) or len(inputs) == 1:
                fill_norms(layer, d, np.asarray(keras.Model(model.inputs, inputs[0])(batch)))
        elif is_norm(layer):
            data = np.asarray(keras.Model(model.inputs, layer_inputs(layer)[0])(batch))
            data = data.reshape(-1, layer.get_weights()[-1].shape[0])
            mean, variance = data.mean(0), data.var(0)
            names = ([] if not layer.scale else ["gamma"]) + ([] if not layer.center else ["beta"])
            values = {"gamma": d.r.uniform(0.5, 1.5, mean.shape), "beta": d.r.uniform(-0.5, 0.5, mean.shape)}
            layer.set_weights([*(values[name] for name in names), mean + d.r.uniform(-0.2, 0.2, mean.shape) * np.sqrt(variance),
                               variance * d.r.uniform(0.7, 1.4, mean.shape) + 1e-4])


def layer_inputs(layer):
    """Of its first use in this model: a model's making counts as one."""
    nodes = layer._inbound_nodes
    node = (nodes[1:] or nodes)[0] if hasattr(layer, "layers") else nodes[0]
    return node.input_tensors if is_3 else node.keras_inputs
