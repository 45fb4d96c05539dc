// The whole of a pipeline: extraction, training, nothing to do, memory, disk.
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openNetwork } from "../dist/steps/scripting.js";
import { bareRate, drawnPictures, machine, median, print, pythonRate } from "./common.js";

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
      (await bareRate(await openNetwork({ named: "resnet50", weights: { kind: "seeded" } }), 256)).toFixed(1),
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
steps:${drawnPictures({ training: '"${params.training}"', others: 40, pixels: 320 })}
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
  return median(times).toFixed(3);
}

/** Seconds of one epoch of the same head in Keras, after one to warm up. */
function kerasEpoch() {
  const seconds = pythonRate(`
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
print(time.time() - started)
`);
  return seconds?.toFixed(2) ?? "not measured (KERAS_PYTHON names no Python that has it)";
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
