"""What Keras makes of a network, and how sharp that is."""
import contextlib
import json

from .drawing import is_3, keras, np, tf
from .weights import all_layers


def features(model, output, batch):
    return np.asarray(keras.Model(model.inputs, output)(batch, training=False))


def features_in_double(model, layer, batch):
    """The same with float64 throughout. The layer is one with one use; without it, the end."""
    written = json.loads(model.to_json().replace('"float32"', '"float64"'))
    with double_precision():
        twin = keras.models.model_from_json(json.dumps(written))
        twin.set_weights(model.get_weights())
        for part in all_layers(twin):
            if type(part).__name__ == "Normalization":
                part.finalize_state()
        output = twin.outputs[0] if layer is None else twin.get_layer(layer).output
        return features(twin, output, batch.astype("float64")).astype("float64")


@contextlib.contextmanager
def double_precision():
    keras.backend.set_floatx("float64")
    module = tf.compat.v2
    convert = module.convert_to_tensor

    def converted(value, *args, **settings):
        return convert(value, "float64") if isinstance(value, float) and not args and not settings else convert(value, *args, **settings)

    # Keras 2 makes float32 of the constant that a function takes first.
    module.convert_to_tensor = convert if is_3 else converted
    try:
        yield
    finally:
        keras.backend.set_floatx("float32")
        module.convert_to_tensor = convert


def moved_by_rounding(model, output, batch, random):
    """How far the features move, relative to the largest, where every pixel is rounded otherwise."""
    rounded = (batch * (1 + random.normal(0, 1e-7, batch.shape))).astype("float32")
    expected = features(model, output, batch)
    return float(np.abs(features(model, output, rounded) - expected).max() / np.abs(expected).max())
