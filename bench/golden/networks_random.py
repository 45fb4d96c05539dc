"""Random networks and what Keras makes of them, for networks_compare.mjs.

networks_random.py <keras|tf_keras> <folder> <count> [first seed]

Each is a folder with the network in one of the forms that Keras saves (tfjs:
the converter's form of model.json, written here), pictures (pixels.bin), the
features that Keras gives (expected.bin), the same in double precision
(exact.bin) and case.json. A seed gives the same network whatever else is made.
Layers are drawn from all that flow supports, with all their settings, odd
sizes, and normalizations whose statistics are those of the data, more or less.

Some networks are not sharp: a rounding of the pixels shows in the features (a
value lies on a threshold), or Keras is itself over 5e-6 from double precision
(what is left after a subtraction is rounding). There no two programs agree to
1e-5. Such a network is kept and marked, and comes on top of the count.
"""
import json
import os
import pathlib
import sys

from random_networks.drawing import Draw, is_3, keras, np, tf  # first: it says which Keras
from random_networks.files import FORMS, halve, save, write
from random_networks.grow import grow, straight
from random_networks.pictures import scaled
from random_networks.precision import features, features_in_double, moved_by_rounding
from random_networks.weights import all_layers, fill


FAILURES = (ValueError, TypeError, AttributeError, tf.errors.OpError)


def make(seed, folder):
    """Kinds of layers, and whether it is sharp; nothing where no network came of the seed."""
    d = Draw(seed)
    keras.utils.set_random_seed(seed)  # of kernels
    size = (d.upto(9, 33), d.upto(9, 33))
    scaling = d.one(["tf", "torch", dict(mean=128, std=64), "tf", dict(mean=[120, 110, 100], std=[60, 61, 62])])
    inputs = x = keras.Input((*size, 3), name="picture")
    for _ in range(d.upto(2, 9)):
        x = grow(d, x)
    if x is inputs:
        return None
    model = keras.Model(inputs, x, name="network")
    if d.flip():
        model = straight(model) or model
    pixels = d.r.integers(0, 256, (2, *size, 3), dtype=np.uint8)
    batch = scaled(pixels, scaling)
    fill(model, d, batch)
    form = d.one(FORMS)
    if form == "tfjs16":
        halve(model)
    output, layer = cut(model, d)
    expected = features(model, output, batch)
    most = np.abs(expected).max()
    if not np.isfinite(expected).all() or most > 1e6 or most == 0 or expected.size < 2:
        return None
    exact = exactly(model, layer, batch)
    moved = moved_by_rounding(model, output, batch, d.r)
    folder.mkdir(parents=True)
    case = dict(size=size, scaling=scaling, layer=layer or name_of(output, model), count=2, keras=sys.argv[1], form=form,
                **save(model, form, folder))
    if expected.ndim == 4 and d.flip(0.3):
        case["pool"] = d.one(["average", "max"])
        expected, exact = (pooled(array, case["pool"]) for array in (expected, exact))
    off = 0 if exact is None else float(np.abs(expected - exact).max() / np.abs(exact).max())
    is_sharp = moved <= 3e-6 and off <= 5e-6
    kinds = sorted({type(layer).__name__ for layer in all_layers(model)})
    write(folder, dict(**case, sharp=is_sharp, moved=moved, layers=kinds), pixels, expected, exact)
    return kinds, is_sharp


def pooled(features, how):
    if features is None:
        return None
    return features.mean((1, 2), dtype="float64") if how == "average" else features.max((1, 2))


def cut(model, d):
    """Where the network is cut: a layer within it, or its end. Its output, and its name."""
    inner = [layer for layer in model.layers[1:] if len(layer._inbound_nodes) == 1 and not hasattr(layer, "layers")]
    if inner and d.flip(0.3):
        layer = d.one(inner)
        return layer.output, layer.name
    return model.outputs[0], None


def exactly(model, layer, batch):
    """Nothing where TensorFlow cannot compute that."""
    try:
        return features_in_double(model, layer, batch)
    except FAILURES as error:
        shown("double", error)
        return None


def name_of(output, model):
    """The layer that gives it; of a layer that is used more than once the last use."""
    name = output._keras_history[0].name
    layer = next(l for l in model.get_config()["layers"] if l.get("name", l["config"].get("name")) == name)
    uses = len(layer.get("inbound_nodes", []))
    return f"{name}:{uses}" if uses > 1 else name


def shown(what, error):
    if os.environ.get("SHOW"):
        print(what, str(error)[:500], file=sys.stderr)


def main():
    folder, count = pathlib.Path(sys.argv[2]), int(sys.argv[3])
    seed = int(sys.argv[4]) if len(sys.argv) > 4 else 0
    seen, made, unsharp = {}, 0, 0
    while made < count:
        result = None
        try:
            result = make(seed, folder / f"{sys.argv[1]}-{seed:05}")
        except FAILURES as error:
            shown(seed, error)
        seed += 1
        keras.backend.clear_session()
        if result is None:
            continue
        kinds, is_sharp = result
        made, unsharp = made + is_sharp, unsharp + (not is_sharp)
        for kind in kinds:
            seen[kind] = seen.get(kind, 0) + 1
    print(json.dumps(dict(networks=made, unsharp=unsharp, seeds_up_to=seed, layers=seen), indent=1))


if __name__ == "__main__":
    main()
