"""What onnxruntime's Python package gives for ONNX networks, for test/networks/onnx.test.ts: test/golden/onnx.

*.onnx: small networks with random weights, in the forms that people bring.
networks.json: rows of some of their tensors for the pictures of networks.py's
formula, preprocessed, turned and pooled by NumPy. Each network is computed by
onnx' reference implementation as well: both must agree. In an environment of
its own, since TensorFlow's takes another protobuf:

    pip install onnx onnxruntime
"""
import base64
import json
import pathlib

import numpy as np
import onnx
import onnxruntime
from onnx import TensorProto, helper, numpy_helper
from onnx.reference import ReferenceEvaluator

folder = pathlib.Path(__file__).parents[2] / "test/golden/onnx"
folder.mkdir(parents=True, exist_ok=True)
random = np.random.default_rng(7)
expected = {}
HEIGHT, WIDTH = 10, 8


def mix(values):
    h = values.astype(np.uint32)
    for shift, factor in ((16, 0x85EBCA6B), (13, 0xC2B2AE35)):
        h = (h ^ (h >> np.uint32(shift))) * np.uint32(factor)
    return h ^ (h >> np.uint32(16))


def pixels(count, height, width):
    positions = np.arange(count * height * width * 3, dtype=np.uint32)
    return (mix(positions + np.uint32(99)) >> np.uint32(24)).astype(np.uint8).reshape(count, height, width, 3)


def scaled(pictures, scaling):
    values = pictures.astype(np.float32)
    if scaling == "caffe":
        return values[..., ::-1] - np.float32([103.939, 116.779, 123.68])
    if scaling == "tf":
        return (values - np.float32(127.5)) / np.float32(127.5)
    if scaling == "torch":
        return (values - np.float32([255 * m for m in (0.485, 0.456, 0.406)])) / np.float32(
            [255 * s for s in (0.229, 0.224, 0.225)]
        )
    return values


class Net:
    """Nodes and weights, in a type."""

    def __init__(self, dtype=np.float32):
        self.nodes, self.weights, self.dtype = [], [], dtype

    def add(self, op, inputs, output, **attributes):
        self.nodes.append(helper.make_node(op, inputs, [output], **attributes))
        return output

    def weight(self, name, array, dtype=None):
        self.weights.append(numpy_helper.from_array(array.astype(dtype or self.dtype), name))
        return name

    def conv(self, name, value, ins, outs, **attributes):
        kernel = random.standard_normal((outs, ins, 3, 3)) * np.sqrt(2 / (9 * ins))
        inputs = [value, self.weight(f"{name}_w", kernel), self.weight(f"{name}_b", random.standard_normal(outs) * 0.1)]
        return self.add("Conv", inputs, name, kernel_shape=[3, 3], pads=[1, 1, 1, 1], **attributes)

    def norm(self, name, value, channels):
        weights = [random.random(channels) + 0.5, *(random.standard_normal((2, channels)) * 0.1), random.random(channels) + 0.5]
        inputs = [self.weight(f"{name}_{at}", weight) for at, weight in enumerate(weights)]
        return self.add("BatchNormalization", [value, *inputs], name)

    def body(self, value):
        """Channels first, down to half the height and width: `features`, and 10 numbers of it."""
        value = self.conv("conv1", value, 3, 4, strides=[2, 2])
        value = self.add("Relu", [self.norm("norm1", value, 4)], "relu1")
        value = self.add("MaxPool", [value], "pool1", kernel_shape=[3, 3], strides=[1, 1], pads=[1, 1, 1, 1])
        value = self.add("Relu", [self.conv("conv2", value, 4, 6)], "features")
        value = self.add("Flatten", [self.add("GlobalAveragePool", [value], "pooled")], "flat", axis=1)
        weights = [self.weight("dense_w", random.standard_normal((6, 10)) * 0.3), self.weight("dense_b", random.standard_normal(10))]
        return self.add("Gemm", [value, *weights], "logits")

    def model(self, dims, outputs, opset=17, input_type=TensorProto.FLOAT, ir_version=8, old_inputs=False):
        value = helper.make_tensor_value_info
        inputs = [value("picture", input_type, dims)]
        if old_inputs:
            inputs += [value(w.name, w.data_type, w.dims) for w in self.weights]
        graph = helper.make_graph(self.nodes, "net", inputs, [value(*output) for output in outputs], self.weights)
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)], ir_version=ir_version)
        onnx.checker.check_model(model)
        return model


def keep(name, model, cases, external=False, within=1e-5, channels="first", kind=np.float32, close=1e-4, count=2):
    """Cases: tensor, pool, scaling, and where the tensor has its channels. """
    file = folder / f"{name}.onnx"
    if external:
        # In two files, behind an offset too.
        for at, weight in enumerate(model.graph.initializer):
            onnx.external_data_helper.set_external_data(weight, location=f"{name}.{at % 2}.bin")
        onnx.external_data_helper.write_external_data_tensors(model, str(folder))
        onnx.save(model, file)
        model = onnx.load(file)
    else:
        onnx.save(model, file)
    full = onnx.ModelProto()
    full.CopyFrom(model)
    there = {output.name for output in full.graph.output}
    full.graph.output.extend([onnx.ValueInfoProto(name=t) for t in {case[0] for case in cases} - there])
    session = onnxruntime.InferenceSession(full.SerializeToString())
    reference = ReferenceEvaluator(model)
    dims = [d.dim_value for d in model.graph.input[0].type.tensor_type.shape.dim]
    size = [s or d for s, d in zip(dims[2:] if channels == "first" else dims[1:3], (HEIGHT, WIDTH))]
    rows = []
    for tensor, pool, scaling, where in cases:
        pictures = scaled(pixels(count, *size), scaling).astype(kind)
        taken = np.transpose(pictures, (0, 3, 1, 2)) if channels == "first" else pictures
        batch = dims[0] or count
        found = []
        for at in range(0, count, batch):
            part = taken[at : at + batch]
            part = np.concatenate([part, np.repeat(part[:1], batch - len(part), axis=0)])
            found.append(session.run([tensor], {"picture": part})[0])
            # Its batch normalization of before learns.
            if tensor in there and model.opset_import[0].version >= 14:
                again = reference.run([tensor], {"picture": part})[0]
                most = np.abs(again.astype(np.float64)).max()
                assert np.abs(again.astype(np.float64) - found[-1]).max() <= close * most, (name, tensor)
        values = np.concatenate(found)[:count].astype(np.float32)
        if values.ndim == 4 and where == "first":
            values = np.transpose(values, (0, 2, 3, 1))
        if pool != "none":
            values = getattr(values, {"average": "mean", "max": "max"}[pool])((1, 2))
        rows.append(
            {
                "layer": tensor,
                "pool": pool,
                "scaling": scaling,
                "shape": list(values.shape[1:]),
                "values": base64.b64encode(np.ascontiguousarray(values).astype("<f4").tobytes()).decode(),
            }
        )
    expected[name] = {"size": size, "count": count, "within": within, "cases": rows}


FLOAT, HALF, DOUBLE, BYTE = TensorProto.FLOAT, TensorProto.FLOAT16, TensorProto.DOUBLE, TensorProto.UINT8
first = ["N", 3, HEIGHT, WIDTH]
last = ["N", HEIGHT, WIDTH, 3]
whole = [("logits", "none", "torch", None), ("features", "none", "caffe", "first"), ("features", "average", "tf", "first")]

for opset in (7, 9, 11, 13, 15, 18, 21):
    net = Net()
    net.body("picture")
    old = opset < 9
    model = net.model(first, [("logits", FLOAT, ["N", 10])], opset, ir_version=3 if old else 8, old_inputs=old)
    keep(f"opset{opset}", model, whole[:2] if opset != 21 else whole + [("features", "max", "none", "first")])

net = Net()
net.body(net.add("Transpose", ["picture"], "turned", perm=[0, 3, 1, 2]))
net.add("Transpose", ["features"], "back", perm=[0, 2, 3, 1])
net.add("Tanh", ["back"], "gated")
keep(
    "nhwc",
    net.model(last, [("gated", FLOAT, ["N", None, None, 6]), ("logits", FLOAT, ["N", 10])]),
    [
        ("gated", "none", "torch", "last"),
        ("gated", "max", "tf", "last"),
        ("features", "none", "torch", "first"),
        ("back", "average", "caffe", "last"),
        ("logits", "none", "caffe", None),
    ],
    channels="last",
)

net = Net()
net.add("Cast", ["picture"], "floats", to=FLOAT)
net.add("Sub", ["floats", net.weight("mean", np.float32([120, 110, 100]))], "centred")
net.add("Div", ["centred", net.weight("std", np.float32([60]))], "scaled")
net.body(net.add("Transpose", ["scaled"], "turned", perm=[0, 3, 1, 2]))
keep(
    "nhwc_uint8",
    net.model(last, [("logits", FLOAT, ["N", 10])], input_type=BYTE),
    [("logits", "none", "none", None), ("scaled", "none", "none", "last"), ("features", "average", "none", "first")],
    channels="last",
    kind=np.uint8,
)

net = Net()
net.add("Cast", ["picture"], "floats", to=FLOAT)
net.body(net.add("Mul", ["floats", net.weight("part", np.float32(1 / 255))], "scaled"))
keep(
    "nchw_uint8",
    net.model(first, [("logits", FLOAT, ["N", 10])], input_type=BYTE),
    [("logits", "none", "none", None), ("features", "none", "none", "first")],
    kind=np.uint8,
)

for batch in (1, 2, 3):
    net = Net()
    net.body("picture")
    shape = net.weight("shape", np.array([batch, 10, 1]), np.int64)
    net.add("Reshape", ["logits", shape], "column")
    keep(
        f"batch{batch}",
        net.model([batch, 3, HEIGHT, WIDTH], [("column", FLOAT, [batch, 10, 1])]),
        [("column", "none", "torch", None), ("features", "none", "tf", "first")],
        count=5,
    )

net = Net()
net.body("picture")
net.add("Cast", ["logits"], "exact", to=DOUBLE)
net.add("ArgMax", ["logits"], "best", axis=1)
keep(
    "outputs",
    net.model(
        ["N", 3, "H", "W"],
        [("logits", FLOAT, ["N", 10]), ("exact", DOUBLE, ["N", 10]), ("best", TensorProto.INT64, ["N", 1])],
    ),
    [("logits", "none", "torch", None), ("exact", "none", "torch", None), ("features", "max", "tf", "first")],
)

net = Net()
for at, node in enumerate(net.body("picture") and list(net.weights)):
    half = numpy_helper.from_array(numpy_helper.to_array(node).astype(np.float16), f"{node.name}_half")
    net.weights[at] = half
    net.nodes.insert(at, helper.make_node("Cast", [half.name], [node.name], to=FLOAT))
keep("weights16", net.model(first, [("logits", FLOAT, ["N", 10])]), whole)

net = Net(np.float16)
net.body("picture")
keep(
    "float16",
    net.model(first, [("logits", HALF, ["N", 10])], input_type=HALF),
    whole,
    kind=np.float16,
    within=5e-3,
    close=5e-3,
)

net = Net()
net.body("picture")
keep("external", net.model(first, [("logits", FLOAT, ["N", 10])]), whole[:2], external=True)

(folder / "networks.json").write_text(json.dumps(expected, indent=1) + "\n")
