// Seconds to train the tutorial's head on rows of ResNet-50's width: a step of
// `flow run`, from nothing, with another learning rate, and for five epochs more;
// beside it Keras and PyTorch with all rows in memory, before and after, of which
// the faster counts. Everything ends with weights on disk.
import { mkdirSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openCache } from "../dist/engine/cache/cache.js";
import { newSegment } from "../dist/steps/learning/features/segments.js";
import { writeIndex, writeManifest } from "../dist/steps/learning/tables/features.js";
import { flow, machine, print, pythonRate } from "./common.js";

const width = 100352;
const [training, validation] = (process.env.TRAIN_ROWS ?? "3000,1000").split(",").map(Number);
const epochs = 25;
const batch = 32;
const folder = mkdtempSync(join(tmpdir(), "flow-bench-"));

/** Rows and labels in Python. */
const data = `
import json, os, time
import numpy as np
x = np.fromfile("${folder}/rows.f32", np.float32).reshape(-1, ${width})
y = np.array(json.load(open("${folder}/labels.json")), np.int32)
n = ${training}
`;

try {
  await writeFeatures();
  const others = [keras(), torch()];
  const first = train({ epochs, learningRate: 1e-3 });
  const rate = train({ epochs, learningRate: 2e-3 });
  const more = train({ epochs: epochs + 5, learningRate: 1e-3 });
  others.push(keras(), torch());
  const best = Math.min(...others.filter((seconds) => seconds !== undefined));
  print(machine());
  print(`${training} + ${validation} rows × ${width}, ${epochs} epochs of ${batch} rows`);
  print(
    `Keras ${told(others[0])} before, ${told(others[2])} after; PyTorch ${told(others[1])}, ${told(others[3])}`,
  );
  for (const [what, { seconds, metrics }] of Object.entries({ "from nothing": first, "another rate": rate }))
    print(
      `${what}: ${seconds.toFixed(1)} s, ${(best / seconds).toFixed(1)} times as fast; ${JSON.stringify(metrics)}`,
    );
  print(
    `5 epochs more take ${more.seconds.toFixed(1)} s, ${(more.seconds / first.seconds).toFixed(2)} of the first run`,
  );
} finally {
  rmSync(folder, { recursive: true });
}

function told(seconds) {
  return seconds === undefined ? "not measured" : `${seconds.toFixed(1)} s`;
}

function train({ epochs, learningRate }) {
  flow(
    folder,
    `
name: bench
steps:
  head:
    uses: train
    inputs: { features: ./features }
    with:
      hidden: [256, 16]
      optimizer: { kind: sgd, learningRate: ${learningRate}, momentum: 0.9, decay: 4e-5 }
      batchSize: ${batch}
      epochs: ${epochs}
      shuffle: none
`,
  );
  const { steps } = JSON.parse(readFileSync(join(folder, "runs/latest/run.json"), "utf8"));
  const { seconds, metrics } = steps.head;
  return { seconds, metrics };
}

/** Rows as features that flow trains on, and as one array for others. 84 of 100 values are zeros, as ResNet-50's. */
async function writeFeatures() {
  const { stores } = openCache(join(folder, ".flow"));
  const name = { type: "extract", name: "bench" };
  const id = stores.id(name);
  const store = { publish: (entry, write) => stores.publish(id, name, entry, write) };
  const segment = newSegment(store, {
    ...{ rowLength: width, dtype: "float32", device: "cpu", decoding: 2, capacity: 128 },
    nameOf: (digest) => digest,
  });
  const array = openSync(join(folder, "rows.f32"), "w");
  const index = [];
  const patterns = [0, 1].map((label) =>
    Float32Array.from({ length: width }, (_, at) => noise(label * 7 + 1, at)),
  );
  for (let row = 0; row < training + validation; row++) {
    const label = row % 2;
    const digest = `sha256:${row.toString(16).padStart(64, "0")}`;
    const split = row < training ? "train" : "validation";
    index.push({ split, class: "ab"[label], label, file: `${row}.jpg`, digest });
    await segment.add([digest], async (into) => {
      draw(into, row, patterns[label]);
      writeSync(array, new Uint8Array(into.buffer, into.byteOffset, into.byteLength));
    });
  }
  await segment.finish();
  mkdirSync(join(folder, "features"));
  await writeIndex(join(folder, "features"), index);
  await writeManifest(join(folder, "features"), {
    ...{ store: id, dtype: "float32", shape: [width], network: "resnet50", layer: "conv5_block3_out" },
    ...{ weights: "drawn", pool: "none", preprocessing: { size: [224, 224], scaling: "caffe" } },
    ...{ runtime: "onnxruntime", precision: "float32", decoding: 2 },
  });
  writeFileSync(join(folder, "labels.json"), JSON.stringify(index.map(({ label }) => label)));
}

/** Between 0 and 1. */
function noise(seed, at) {
  let h = Math.imul(at + 0x9e3779b9 * seed, 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return ((h ^ (h >>> 16)) >>> 0) / 2 ** 32;
}

function draw(into, row, pattern) {
  for (let at = 0; at < width; at++) {
    const value = noise(row + 100, at) + 0.06 * pattern[at] - 0.87;
    into[at] = value > 0 ? 8 * value : 0;
  }
}

function keras() {
  return pythonRate(`
${data}
os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
import keras
model = keras.Sequential([keras.Input((${width},)), keras.layers.Dense(256, activation="relu"), keras.layers.Dense(16, activation="relu"), keras.layers.Dense(2, activation="softmax")])
model.compile(keras.optimizers.SGD(keras.optimizers.schedules.InverseTimeDecay(1e-3, 1, 4e-5), momentum=0.9), "sparse_categorical_crossentropy", metrics=["accuracy"])
started = time.time()
model.fit(x[:n], y[:n], batch_size=${batch}, epochs=${epochs}, validation_data=(x[n:], y[n:]), shuffle=False, verbose=0)
model.save_weights("${folder}/keras.weights.h5")
print(time.time() - started)
`);
}

function torch() {
  return pythonRate(`
${data}
import torch
x, y = torch.from_numpy(x), torch.from_numpy(y.astype("int64"))
model = torch.nn.Sequential(torch.nn.Linear(${width}, 256), torch.nn.ReLU(), torch.nn.Linear(256, 16), torch.nn.ReLU(), torch.nn.Linear(16, 2))
optimizer = torch.optim.SGD(model.parameters(), 1e-3, momentum=0.9)
schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda step: 1 / (1 + 4e-5 * step))
loss = torch.nn.CrossEntropyLoss()
started = time.time()
for epoch in range(${epochs}):
    for at in range(0, n, ${batch}):
        optimizer.zero_grad()
        loss(model(x[at:min(at + ${batch}, n)]), y[at:min(at + ${batch}, n)]).backward()
        optimizer.step()
        schedule.step()
    with torch.no_grad():
        for at in range(n, len(x), ${batch}):
            float(loss(model(x[at:at + ${batch}]), y[at:at + ${batch}]))
torch.save(model.state_dict(), "${folder}/torch.pt")
print(time.time() - started)
`);
}
