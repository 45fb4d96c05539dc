"""Keeps small networks of those that networks_random.py wrote in which as many kinds of layers, settings and files are as fit.

networks_keep.py <count> <folder> [folder …]: into test/golden/keras/random, in place of what is there.
"""
import collections
import json
import pathlib
import shutil
import sys
import zipfile

import h5py

golden = pathlib.Path(__file__).parents[2] / "test/golden/keras/random"

# Settings that are a choice; of the others any value will do.
CHOICES = {"padding", "interpolation", "keepdims", "axis", "invert", "shared_axes", "activation", "center", "scale", "use_bias",
           "depth_multiplier", "approximate", "synchronized", "strides", "size", "kernel_size", "groups", "output_padding", "epsilon"}


def size(case):
    return sum(file.stat().st_size for file in case.rglob("*") if file.is_file() and file.name != "exact.bin")


def config(path):
    """The network as the file has it."""
    if path.is_dir():
        path = path / "model.json"
    if path.suffix == ".keras":
        with zipfile.ZipFile(path) as whole:
            return json.loads(whole.read("config.json"))
    if path.suffix == ".h5":
        with h5py.File(path) as file:
            return json.loads(file.attrs["model_config"])
    written = json.loads(path.read_text())
    return written.get("modelTopology", dict(model_config=written))["model_config"]


def layers(model, depth=0):
    for layer in model["config"]["layers"]:
        name = layer["class_name"]
        settings = layer["config"]
        if "layers" in settings:
            yield f"{name} within {depth}"
            yield from layers(layer, depth + 1)
            continue
        kind = f"tf.{settings['function']}" if "function" in settings else name
        yield kind
        yield from together(kind, settings, layer)
        if len(layer.get("inbound_nodes", [])) > 1:
            yield f"{kind} twice"
        if isinstance(settings.get("activation"), str):
            yield f"activation={settings['activation']}"
        for setting, value in settings.items():
            if setting in CHOICES and not isinstance(value, dict) and len(str(value)) < 20:
                yield f"{kind} {setting} {value}"
            elif setting == "activation" and isinstance(value, dict):
                yield f"activation {value['class_name']}"
            elif value is None or value in (1, [1, 1]):
                yield f"{kind} {setting} {value}"
            elif isinstance(value, (int, float, list)):
                yield f"{kind} {setting} another"


def together(kind, settings, layer):
    """Settings that matter with each other."""
    if kind == "ReLU":
        yield "ReLU=" + ",".join(key for key in ("max_value", "negative_slope", "threshold") if settings[key])
    if kind == "UpSampling2D":
        yield f"{kind}={settings['interpolation']}-{'odd' if any(size in (3, 5) for size in settings['size']) else 'even'}"
    if kind == "Conv2DTranspose":
        odd = [size > stride and (size - stride) % 2 for size, stride in zip(settings["kernel_size"], settings["strides"])]
        yield f"{kind}={settings['padding']}-{'odd' if any(odd) else 'even'}"
    if kind.startswith("tf."):
        yield f"{kind}=" + ",".join(name for node in layer["inbound_nodes"] for name in node[3])


def traits(case):
    """What is computed: of a network that is cut below its end, not what lies above."""
    about = json.loads((case / "case.json").read_text())
    model = config(case / about["path"])
    last = model["config"].get("output_layers", [[model["config"]["layers"][-1]["config"]["name"]]])
    name = last[0] if isinstance(last[0], str) else last[0][0]
    is_whole = about["layer"].split(":")[0] == name
    return {f"{about['keras']} as {about['form']}", f"pool {about.get('pool')}", f"whole {is_whole}",
            *(trait for trait in layers(model) if is_whole)}


def worth(traits, seen):
    """A form of file more than a kind of layer, and that more than one of its settings; the second time half of it."""
    weights = {trait: 50 if " as " in trait else 5 if " " not in trait else 1 for trait in traits}
    return sum(weight / (1 + seen[trait]) for trait, weight in weights.items() if seen[trait] < 2)


def kept(count, folders):
    """The one that adds most for its size, and so on."""
    cases = sorted((case for folder in folders for case in pathlib.Path(folder).iterdir()), key=size)
    left = {case: traits(case) for case in cases
            if size(case) < 60_000 and json.loads((case / "case.json").read_text())["sharp"]}
    seen = collections.Counter()
    for _ in range(count):
        best = max(left, key=lambda case: worth(left[case], seen) / (size(case) + 10_000))
        seen.update(left.pop(best))
        yield best
    print(len(seen), "kinds and settings:", ", ".join(sorted(trait for trait in seen if " " not in trait)))


chosen = list(kept(int(sys.argv[1]), sys.argv[2:]))
shutil.rmtree(golden, ignore_errors=True)
golden.mkdir(parents=True)
for case in chosen:
    shutil.copytree(case, golden / case.name, ignore=shutil.ignore_patterns("exact.bin"))
print(len(chosen), "networks,", sum(size(case) for case in golden.iterdir()), "bytes")
