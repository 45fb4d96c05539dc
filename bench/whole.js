// The whole of a pipeline: extraction, training, nothing to do, memory, disk.
import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openExtractor, openNetwork } from "../dist/steps/scripting.js";
import { machine, print } from "./machine.js";

const program = new URL("../dist/flow.js", import.meta.url).pathname;
const folder = mkdtempSync(join(tmpdir(), "flow-bench-"));
const few = 320;
const many = 10 * few;

try {
  writeFileSync(join(folder, "bench.yaml"), pipeline());
  const small = flow("-S", `training=${few}`);
  const large = flow("-S", `training=${many}`);
  const rows = [
    [
      "ResNet-50 features, images/s",
      large.features.metrics.imagesPerSecond,
      "the bare network",
      await bareRate(),
    ],
    [
      "the head, s per epoch of 3,200 rows",
      large.head.metrics.secondsPerEpoch,
      "Keras, rows in memory",
      kerasEpoch(),
    ],
    ["nothing to do, s", noOp(), "", ""],
    [
      `peak memory of extract, MB, ${few} images`,
      megabytes(small.features),
      `${many} images`,
      megabytes(large.features),
    ],
    [
      `peak memory of train, MB, ${few} images`,
      megabytes(small.head),
      `${many} images`,
      megabytes(large.head),
    ],
    [
      "bytes on disk per image, features",
      Math.round(bytesOf("stores") / (many + 80)),
      "float32 values alone",
      100352 * 4,
    ],
  ];
  print(machine());
  for (const [what, ours, other, theirs] of rows)
    print(`${what}: ${ours}${other ? `; ${other}: ${theirs}` : ""}`);
} finally {
  rmSync(folder, { recursive: true });
}

function pipeline() {
  return `
name: bench
params: { training: ${few} }
steps:
  pictures:
    uses: generate
    with: { splits: { training: "\${params.training}", validation: 40, evaluation: 40 }, size: 320 }
  splits:
    uses: organize
    inputs: { source: pictures.images }
    with:
      splits: { train: training, validation: validation, test: evaluation }
      classes: { "0": stripes, "1": discs }
  features:
    uses: extract
    inputs: { images: splits.images }
    with: { network: resnet50, weights: seeded }
  head:
    uses: train
    inputs: { features: features.features }
    with: { epochs: 6 }
`;
}

function flow(...args) {
  execFileSync(process.execPath, [program, "run", "bench.yaml", ...args], { cwd: folder, stdio: "ignore" });
  return JSON.parse(readFileSync(join(folder, "runs/latest/run.json"), "utf8")).steps;
}

/** Median wall time of ten runs that find everything cached. */
function noOp() {
  const times = Array.from({ length: 10 }, () => {
    const started = performance.now();
    flow("-S", `training=${many}`);
    return (performance.now() - started) / 1000;
  });
  return times.sort((a, b) => a - b)[5].toFixed(3);
}

/** The network alone, on pixels that are in memory already. */
async function bareRate() {
  const network = await openNetwork({ named: "resnet50", weights: { kind: "seeded" } });
  const options = { network, layer: network.layer, pool: "none", size: [224, 224], scaling: "caffe" };
  const extractor = await openExtractor(options);
  const pixels = new Uint8Array(32 * 224 * 224 * 3).map((_, at) => (at * 7919) % 256);
  const rows = new Float32Array(32 * extractor.rowLength);
  await extractor.run(pixels, 32, rows);
  const started = performance.now();
  for (let batch = 0; batch < 8; batch++) await extractor.run(pixels, 32, rows);
  const rate = (8 * 32) / ((performance.now() - started) / 1000);
  await extractor.close();
  return rate.toFixed(1);
}

/** Seconds of one epoch of the same head in Keras, after one to warm up. */
function kerasEpoch() {
  const python = process.env.KERAS_PYTHON;
  if (!python) return "not measured (KERAS_PYTHON is not set)";
  const script = `
import os, time
os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
import numpy as np, keras
x = np.random.rand(${many}, 100352).astype("float32")
y = np.eye(2)[np.arange(${many}) % 2]
model = keras.Sequential([keras.Input((100352,)), keras.layers.Dense(256, "relu"), keras.layers.Dense(16, "relu"), keras.layers.Dense(2, "softmax")])
model.compile(keras.optimizers.SGD(1e-3, momentum=0.9), "categorical_crossentropy", metrics=["accuracy"])
model.fit(x, y, batch_size=32, epochs=1, verbose=0)
started = time.time()
model.fit(x, y, batch_size=32, epochs=1, verbose=0)
print(round(time.time() - started, 2))
`;
  const result = spawnSync(python, ["-c", script], { encoding: "utf8" });
  return result.stdout.trim() || "failed";
}

function megabytes(step) {
  return Math.round(step.peakMemory / 2 ** 20);
}

/** Of the feature rows: the largest store is the head's checkpoints, so those are left out by name. */
function bytesOf(name) {
  const list = execFileSync("find", [
    join(folder, ".flow", name),
    "-name",
    "rows.npy",
    "-size",
    "+0",
    "-printf",
    "%s\n",
  ]);
  return list
    .toString()
    .trim()
    .split("\n")
    .reduce((sum, size) => sum + Number(size), 0);
}
