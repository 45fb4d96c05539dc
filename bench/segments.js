// Rows of ResNet-50's width on disk, 84 % of them zeros, against rows without a
// zero and against float16: published as extraction publishes them (hashed and
// synced), read through openFeatures in order and in batches at random, from the
// page cache. In turn, medians. Then what it takes to find a million rows.
import { createHash } from "node:crypto";
import { mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openCache } from "../dist/engine/cache/cache.js";
import { describeSegment, locateRows } from "../dist/steps/learning/features/locate.js";
import { openFeatures } from "../dist/steps/learning/features/rows.js";
import { newSegment } from "../dist/steps/learning/features/segments.js";
import { writeIndex } from "../dist/steps/learning/tables/features.js";
import { writeManifest } from "../dist/steps/learning/tables/manifest.js";
import { machine, median, print } from "./common.js";

const width = 100352;
const channels = 2048;
const rows = 640;
const batch = 32;
const perSegment = 160;
const rounds = 5;
/** Over the rows, as epochs go. */
const passes = 6;
const folder = mkdtempSync(join(tmpdir(), "flow-bench-"));
const cache = openCache(folder);

const kinds = [
  { name: "dense", dtype: "float32", zeros: 0 },
  { name: "84 % zeros", dtype: "float32", zeros: 0.84 },
  { name: "dense, float16", dtype: "float16", zeros: 0 },
  { name: "84 % zeros, float16", dtype: "float16", zeros: 0.84 },
].map((kind, at) => ({ ...kind, at, write: [], ordered: [], random: [], bytes: 0 }));

try {
  for (let round = 0; round < rounds; round++) for (const kind of kinds) await measure(kind, round);
  print(machine());
  const [dense] = kinds;
  for (const { name, bytes, ...rates } of kinds) {
    const told = ["write", "ordered", "random"].map(
      (what) => `${what} ${Math.round(median(rates[what]))} rows/s, ${ratio(rates, dense, [what])} of dense`,
    );
    told.push(`written and read back ${ratio(rates, dense, ["write", "random"])} of dense`);
    print(`${name}: ${(bytes / rows / 1000).toFixed(1)} kB a row; ${told.join("; ")}`);
  }
  await million();
} finally {
  rmSync(folder, { recursive: true });
}

/** Of the rates at which rows go through all that is named. */
function ratio(rates, dense, names) {
  const seconds = (of) => names.reduce((sum, name) => sum + 1 / median(of[name]), 0);
  return (seconds(dense) / seconds(rates)).toFixed(2);
}

async function measure(kind, round) {
  const store = storeOf({ kind: kind.at, round });
  const made = featureRows(kind.zeros);
  const segment = newSegment(store, {
    ...{ rowLength: width, dtype: kind.dtype, device: "cpu", decoding: 2, capacity: perSegment },
    nameOf: (digest) => digest,
  });
  let seconds = 0;
  for (let at = 0; at < rows; at += batch) {
    const digests = Array.from({ length: batch }, (_, row) => digestOf(at + row));
    let computing = 0;
    const started = performance.now();
    await segment.add(digests, async (into) => {
      const before = performance.now();
      into.set(made);
      computing = performance.now() - before;
    });
    seconds += (performance.now() - started - computing) / 1000;
  }
  const started = performance.now();
  await segment.finish();
  kind.write.push(rows / (seconds + (performance.now() - started) / 1000));
  kind.bytes = bytesOf(cache.stores.path(store.id, ""));

  const features = await openFeatures(await artifact(kind, store.id), () => store);
  const order = Array.from({ length: rows }, (_, at) => at);
  await rateOf(features, order);
  kind.ordered.push(await rateOf(features, order));
  for (let at = rows - 1; at > 0; at--) {
    const other = (at * 7919) % (at + 1);
    [order[at], order[other]] = [order[other], order[at]];
  }
  kind.random.push(await rateOf(features, order));
  await features.close();
  rmSync(cache.stores.path(store.id, ""), { recursive: true });
}

async function rateOf(features, order) {
  const into = new Float32Array(batch * width);
  const started = performance.now();
  for (let pass = 0; pass < passes; pass++)
    for (let at = 0; at < rows; at += batch) await features.read(order.slice(at, at + batch), into);
  return (passes * rows) / ((performance.now() - started) / 1000);
}

/** A batch as a ReLU leaves it, H × W × C: a channel is on at most positions or at few, and differently often. */
function featureRows(zeros) {
  const often = Float32Array.from({ length: channels }, () => Math.min(1, 4 * Math.random() ** 3));
  const part = (1 - zeros) / (often.reduce((sum, value) => sum + value, 0) / channels);
  const chance = zeros === 0 ? often.fill(1) : often.map((value) => value * part);
  const values = new Float32Array(batch * width);
  for (let at = 0; at < values.length; at++)
    if (Math.random() < chance[at % channels]) values[at] = Math.random() * 5 + 1e-3;
  return values;
}

async function artifact({ at, dtype }, store) {
  const path = join(folder, `features-${at}`);
  mkdirSync(path, { recursive: true });
  const index = Array.from({ length: rows }, (_, row) => ({
    ...{ split: "train", class: "a", label: 0, file: `${String(row).padStart(6, "0")}.jpg` },
    digest: digestOf(row),
  }));
  await writeIndex(path, index);
  await writeManifest(path, {
    ...{ store, dtype, shape: [width], network: "", layer: "", weights: "", pool: "none" },
    ...{ preprocessing: { size: [224, 224], scaling: "caffe" }, runtime: "", precision: "", decoding: 2 },
  });
  return path;
}

/** Of entries()' records, with the file that is kept for the store and without. */
async function million() {
  const store = storeOf({ million: true });
  const perEntry = 250;
  for (let at = 0; at < 1e6; at += perEntry) {
    const digests = Array.from({ length: perEntry }, (_, row) => digestOf(at + row));
    await store.publish(digests[0].slice(7, 39), async (path) => {
      for (const name of ["mask.npy", "values.npy", "counts.npy"]) writeFileSync(join(path, name), "x");
      return describeSegment({ digests, decoding: 2, device: "cpu" });
    });
  }
  for (const what of ["all records read", "from the store's index", "from the store's index"]) {
    const started = performance.now();
    const places = await locateRows(store);
    const seconds = (performance.now() - started) / 1000;
    print(`a million rows in ${1e6 / perEntry} entries located, ${what}: ${seconds.toFixed(2)} s`);
    if (places.size !== 1e6) throw new Error(`${places.size} rows`);
  }
}

function storeOf(name) {
  const id = cache.stores.id(name);
  return {
    id,
    entries: async () => cache.stores.entries(id),
    condensed: (condenser) => cache.stores.condensed(id, condenser),
    publish: (entry, write) => cache.stores.publish(id, name, entry, write),
  };
}

function digestOf(number) {
  return `sha256:${createHash("sha256").update(String(number)).digest("hex")}`;
}

function bytesOf(path) {
  return readdirSync(path, { recursive: true })
    .map((name) => statSync(join(path, name)))
    .filter((stat) => stat.isFile())
    .reduce((sum, { size }) => sum + size, 0);
}
