// Peak memory of extraction by a small network: 2,000 pictures, and ten times as many.
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { flow, machine, print } from "./common.js";

const counts = [2_000, 20_000];
const folder = mkdtempSync(join(tmpdir(), "flow-bench-"));

try {
  mkdirSync(join(folder, "net"));
  writeFileSync(join(folder, "net/model.json"), JSON.stringify(network()));
  const kernel = Float32Array.from({ length: 3 * 3 * 3 * 8 + 8 }, (_, at) => Math.sin(at));
  writeFileSync(join(folder, "net/one.bin"), kernel);
  const peaks = [];
  for (const count of counts) {
    flow(folder, pipeline(count));
    const { steps } = JSON.parse(readFileSync(join(folder, "runs/latest/run.json"), "utf8"));
    peaks.push(Object.entries(steps).map(([id, { peakMemory }]) => [id, peakMemory]));
    rmSync(join(folder, ".flow"), { recursive: true });
  }
  print(machine());
  const [few, many] = peaks.map(Object.fromEntries);
  for (const id of Object.keys(few)) {
    const [a, b] = [few[id], many[id]].map((bytes) => Math.round(bytes / 2 ** 20));
    print(
      `${id}: ${a} MB with ${counts[0]} pictures, ${b} MB with ${counts[1]}: ${(b / a).toFixed(2)} times`,
    );
  }
} finally {
  rmSync(folder, { recursive: true });
}

/** 32 × 32 pixels to 8 channels and a ReLU, 8,192 values a row. */
function network() {
  const conv = {
    class_name: "Conv2D",
    config: {
      ...{ name: "conv", filters: 8, kernel_size: [3, 3], strides: [1, 1], padding: "same" },
      ...{ activation: "relu", batch_input_shape: [null, 32, 32, 3] },
    },
  };
  const weights = [
    { name: "conv/kernel", shape: [3, 3, 3, 8], dtype: "float32" },
    { name: "conv/bias", shape: [8], dtype: "float32" },
  ];
  return {
    modelTopology: { class_name: "Sequential", config: { name: "small", layers: [conv] } },
    weightsManifest: [{ paths: ["one.bin"], weights }],
  };
}

function pipeline(count) {
  return `
name: memory
steps:
  pictures:
    uses: generate
    with: { splits: { training: ${count - 200}, validation: 100, evaluation: 100 }, size: 40 }
  splits:
    uses: organize
    inputs: { source: pictures.images }
    with:
      splits: { train: training, validation: validation, test: evaluation }
      classes: { "0": stripes, "1": discs }
  features:
    uses: extract
    inputs: { images: splits.images, network: ./net }
    with: { layer: conv, input: { scaling: none }, device: cpu }
`;
}
