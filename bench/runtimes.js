// images/s of ResNet-50 on every runtime and precision that is there (FLOW_HOME,
// `flow setup`): the bare network, and end to end through `flow run`. In turn,
// three rounds, medians. The limit of end to end is 1 / (1 / network + 1 / decoding).
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { hasBf16 } from "../dist/steps/compute/devices/bf16.js";
import { encodeGraph } from "../dist/steps/compute/onnx/graph.js";
import { requiredRuntime } from "../dist/steps/compute/runtimes/catalog.js";
import { openNetwork } from "../dist/steps/scripting.js";
import { toOnnx } from "../dist/steps/vision/onnx/to-onnx.js";
import { translate } from "../dist/steps/vision/translate/translate.js";
import {
  bareRate,
  batch,
  decodingRate,
  drawnPictures,
  flow,
  home,
  machine,
  median,
  print,
  pythonRate,
  size,
  wholeRate,
} from "./common.js";

const folder = mkdtempSync(join(tmpdir(), "flow-bench-"));
// Enough that what only the first batches cost does not show.
const images = 448;
const rounds = 3;
const onnxFile = join(folder, "network.onnx");

const subjects = [
  { runtime: "onnxruntime", precision: "float32" },
  { runtime: "openvino", precision: "float32" },
  { runtime: "openvino", precision: "bf16" },
  { runtime: "tensorflow", precision: "float32" },
].filter(isThere);

try {
  flow(folder, pipeline({ runtime: "onnxruntime", precision: "float32" }), "--until", "splits");
  const network = await openNetwork({ named: "resnet50", weights: { kind: "seeded" } });
  const results = subjects.map((subject) => ({ ...subject, bare: [], whole: [] }));
  const decoding = [];
  const keras = [];
  const python = { f32: [], bf16: [] };
  writeFileSync(onnxFile, encodeGraph(toOnnx(graphOf(network))));
  for (let round = 0; round < rounds; round++) {
    decoding.push(await decodingRate(folder));
    for (const result of results) {
      result.bare.push(await bareRate(network, images, optionsOf(result)));
      result.whole.push(wholeRate(folder, pipeline(result)));
    }
    keras.push(kerasRate());
    for (const [precision, rates] of Object.entries(python)) rates.push(openvinoRate(precision));
  }
  print(machine());
  const decode = median(decoding);
  print(`decoding ${images} pictures of 512 px: ${decode.toFixed(1)} images/s`);
  for (const { runtime, precision, bare, whole } of results) {
    const limit = 1 / (1 / median(bare) + 1 / decode);
    print(
      `${runtime} ${precision}: network ${median(bare).toFixed(1)}, end to end ${median(whole).toFixed(1)} images/s, ${(median(whole) / limit).toFixed(2)} of the limit`,
    );
  }
  print(`Keras, predict_on_batch: ${told(keras)}`);
  for (const [precision, rates] of Object.entries(python))
    print(`OpenVINO's Python, ${precision}: ${told(rates)}`);
} finally {
  rmSync(folder, { recursive: true });
}

function told(rates) {
  return rates.every((rate) => rate !== undefined)
    ? `${median(rates).toFixed(1)} images/s`
    : "not measured (KERAS_PYTHON names no Python that has it)";
}

function graphOf({ topology, weights, layer }) {
  return translate({ topology, weights, layer, pool: "none", size, scaling: "caffe" }).graph;
}

function isThere({ runtime, precision }) {
  if (runtime === "onnxruntime") return true;
  if (precision === "bf16" && !hasBf16()) {
    print(`${runtime} ${precision}: this CPU has no bf16`);
    return false;
  }
  if (existsSync(join(home, requiredRuntime(runtime).path))) return true;
  print(`${runtime}: not there; \`flow setup ${runtime}\` brings it`);
  return false;
}

function pipeline({ runtime, precision }) {
  return `
name: bench
steps:${drawnPictures({ training: images - 32, others: 16, pixels: 512 })}
  features:
    uses: extract
    inputs: { images: splits.images }
    with: { network: resnet50, weights: seeded, runtime: ${runtime}, precision: ${precision} }
`;
}

function optionsOf({ runtime, precision }) {
  if (runtime === "onnxruntime") return { runtime, precision };
  return { runtime, precision, libraries: join(home, requiredRuntime(runtime).path, "lib") };
}

function kerasRate() {
  return pythonRate(`
import os, time
os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
import numpy as np, keras
model = keras.applications.ResNet50(weights=None, include_top=False)
x = np.random.rand(${batch}, 224, 224, 3).astype("float32")
model.predict_on_batch(x)
started = time.time()
for _ in range(${images / batch}): model.predict_on_batch(x)
print(${images} / (time.time() - started))
`);
}

/** flow's own graph in OpenVINO's own Python. */
function openvinoRate(precision) {
  return pythonRate(`
import time
import numpy as np, openvino
model = openvino.Core().compile_model("${onnxFile}", "CPU", {"INFERENCE_PRECISION_HINT": "${precision}", "NUM_STREAMS": "1"})
x = np.random.randint(0, 256, (${batch}, 224, 224, 3), dtype=np.uint8)
model(x)
started = time.time()
for _ in range(${images / batch}): model(x)
print(${images} / (time.time() - started))
`);
}
