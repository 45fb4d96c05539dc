// What flow makes of the networks that networks_random.py and networks_big.py wrote:
// node bench/golden/networks_compare.mjs [--runtime <name> --libraries <folder>] <folder of cases> …,
// after npm run build.

import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { openExtractor, openNetwork } from "../../dist/steps/scripting.js";
import { layerKinds } from "../../dist/steps/vision/layers/index.js";
import { tensorFlowFunctions } from "../../dist/steps/vision/layers/tensorflow-functions.js";
import { findLayer } from "../../dist/steps/vision/networks/find-layer.js";
import { callsUpTo } from "../../dist/steps/vision/networks/topology.js";

const CLOSE = 1e-5;
const { positionals: folders, values } = parseArgs({
  allowPositionals: true,
  options: { runtime: { type: "string", default: "onnxruntime" }, libraries: { type: "string" } },
});
const { runtime, libraries } = values;
const results = [];
const classes = new Set();

for (const folder of folders) {
  for (const name of readdirSync(folder).sort()) {
    const place = join(folder, name);
    if (!existsSync(join(place, "case.json"))) continue;
    const about = JSON.parse(readFileSync(join(place, "case.json"), "utf8"));
    const kind = about.sharp === false ? "not sharp" : "sharp";
    try {
      results.push({ name, kind, form: about.form ?? about.path, ...(await differences(place, about)) });
    } catch (error) {
      if (error.name !== "StepError") throw Object.assign(error, { message: `${name}: ${error.message}` });
      results.push({ name, kind, form: about.form ?? about.path, refused: error.message });
    }
  }
}

const print = (line) => process.stdout.write(`${line}\n`);
for (const { name, refused } of results) if (refused !== undefined) print(`refused ${name}: ${refused}`);
for (const { name, kind, toKeras, toExact, ofKeras } of results) {
  if (toKeras > CLOSE)
    print(
      `${kind} ${name}: ${shown(toKeras)} from Keras, ${shown(toExact)} from double precision, Keras ${shown(ofKeras)}`,
    );
}
const forms = [...new Set(results.map(({ form }) => form))].sort();
const ofForm = (wanted) => results.filter(({ form }) => form === wanted).length;
print(`forms of files: ${forms.map((form) => `${form} ${ofForm(form)}`).join(", ")}`);
const left = [...layerKinds.keys()].filter((name) => !classes.has(name));
print(`kinds of layers that no network had: ${left.join(", ") || "none"}`);
summary("not sharp");
process.exit(summary("sharp") > 0 ? 1 : 0);

/** Prints the figures of a kind, and gives how many are further off than Keras in float32 is itself. */
function summary(kind) {
  const ours = results.filter((result) => result.kind === kind);
  if (ours.length === 0) return 0;
  const computed = ours.filter(({ refused }) => refused === undefined);
  const far = computed.filter(({ toKeras }) => !(toKeras <= CLOSE));
  const further = far.filter(({ toExact, ofKeras }) => !(toExact <= ofKeras));
  const sorted = computed.map(({ toKeras }) => toKeras).sort((a, b) => a - b);
  const at = (share) => shown(sorted[Math.floor(share * (sorted.length - 1))] ?? 0);
  print(
    `${kind}: ${ours.length} networks, ${computed.length - far.length} within ${CLOSE} of Keras relative to the largest feature ` +
      `(median ${at(0.5)}, 99 % ${at(0.99)}, most ${at(1)}), ${ours.length - computed.length} refused, ${far.length} further` +
      (far.length > 0 ? `, ${further.length} of them further from double precision than Keras is` : ""),
  );
  return further.length;
}

/** The largest difference of flow's features from Keras', from Keras' in double precision, and between these two. */
async function differences(place, { path, h5, size, scaling, layer: cut, pool = "none", count }) {
  const network = await openNetwork({
    path: join(place, path),
    weights: h5 === undefined ? { kind: "own" } : { kind: "h5", path: join(place, h5) },
  });
  const extractor = await openExtractor({
    ...{ network, layer: cut ?? network.layer, pool, size, scaling, runtime },
    ...(libraries === undefined ? {} : { libraries }),
  });
  for (const { layer } of callsUpTo(network.topology, findLayer(network.topology, cut ?? network.layer)))
    classes.add(tensorFlowFunctions.get(String(layer.config.function)) ?? layer.className);
  const expected = new Float32Array(bytesOf(join(place, "expected.bin")));
  const file = join(place, "exact.bin");
  const exact = existsSync(file) ? new Float64Array(bytesOf(file)) : undefined;
  const rows = new Float32Array(count * extractor.rowLength);
  await extractor.run(new Uint8Array(bytesOf(join(place, "pixels.bin"))), count, rows);
  await extractor.close();
  return {
    toKeras: difference(rows, expected),
    toExact: exact === undefined ? Number.NaN : difference(rows, exact),
    ofKeras: exact === undefined ? Number.NaN : difference(expected, exact),
  };
}

/** Relative to the largest that is expected. NaN, and another number of values, count as far away. */
function difference(rows, expected) {
  if (rows.length !== expected.length) return Number.POSITIVE_INFINITY;
  let most = 0;
  let far = 0;
  for (const [at, value] of expected.entries()) {
    const distance = Math.abs(rows[at] - value);
    far = distance <= far ? far : Number.isNaN(distance) ? Number.POSITIVE_INFINITY : distance;
    most = Math.max(most, Math.abs(value));
  }
  return far / (most || 1);
}

function bytesOf(file) {
  const bytes = readFileSync(file);
  return bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length);
}

function shown(value) {
  return Number.isFinite(value) ? value.toExponential(2) : String(value);
}
