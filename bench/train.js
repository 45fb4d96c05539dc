// Seconds to train the tutorial's head on rows of ResNet-50's width: a step of
// `flow run`, from nothing, with another learning rate, and for five epochs more;
// beside it Keras and PyTorch with all rows in memory, before and after, of which
// the faster counts. Everything ends with weights on disk.
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { flow, machine, print, pythonRate } from "./common.js";
import { writeRows } from "./rows.js";

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
  await writeRows(folder, { training, validation, width, classes: 2, isArrayWanted: true });
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
