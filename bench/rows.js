import { mkdirSync, openSync, writeFileSync, writeSync } from "node:fs";
import { join } from "node:path";
import { openCache } from "../dist/engine/cache/cache.js";
import { newSegment } from "../dist/steps/learning/features/segments.js";
import { writeIndex } from "../dist/steps/learning/tables/features.js";
import { writeManifest } from "../dist/steps/learning/tables/manifest.js";

/**
 * Rows as the features that flow trains on, and where it is wanted as one array for others
 * (`rows.f32`, `labels.json`). 84 of 100 values are zeros, as ResNet-50's.
 */
export async function writeRows(folder, { training, validation, width, classes, isArrayWanted = false }) {
  const { stores } = openCache(join(folder, ".flow"));
  const name = { type: "extract", name: "bench" };
  const id = stores.id(name);
  const store = { publish: (entry, write) => stores.publish(id, name, entry, write) };
  const segment = newSegment(store, {
    ...{ rowLength: width, dtype: "float32", device: "cpu", decoding: 2, capacity: 128 },
    nameOf: (digest) => digest,
  });
  const array = isArrayWanted ? openSync(join(folder, "rows.f32"), "w") : undefined;
  const index = [];
  const patterns = Array.from({ length: classes }, (_, label) =>
    Float32Array.from({ length: width }, (_, at) => noise(label * 7 + 1, at)),
  );
  for (let row = 0; row < training + validation; row++) {
    const label = row % classes;
    const digest = `sha256:${row.toString(16).padStart(64, "0")}`;
    const split = row < training ? "train" : "validation";
    index.push({ split, class: `class ${label}`, label, file: `${row}.jpg`, digest });
    await segment.add([digest], async (into) => {
      draw(into, row, patterns[label]);
      if (array !== undefined) {
        writeSync(array, new Uint8Array(into.buffer, into.byteOffset, into.byteLength));
      }
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
  for (let at = 0; at < into.length; at++) {
    const value = noise(row + 100, at) + 0.06 * pattern[at] - 0.87;
    into[at] = value > 0 ? 8 * value : 0;
  }
}
