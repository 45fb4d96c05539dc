// What flow makes of the networks that networks_random.py and networks_big.py wrote:
// node bench/golden/networks_compare.mjs <folder of cases> [runtime, folder of its libraries], after npm run build.
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { openExtractor, openNetwork } from "../../dist/steps/scripting.js";

const [folder, runtime = "onnxruntime", libraries] = process.argv.slice(2);
const results = { right: [], wrong: [], refused: [] };

for (const name of readdirSync(folder).sort()) {
  const place = join(folder, name);
  if (!existsSync(join(place, "case.json"))) continue;
  try {
    const difference = await differenceOf(place, JSON.parse(readFileSync(join(place, "case.json"), "utf8")));
    results[difference <= 1e-5 ? "right" : "wrong"].push({ name, difference });
  } catch (error) {
    if (error.name !== "StepError") throw Object.assign(error, { message: `${name}: ${error.message}` });
    results.refused.push({ name, message: error.message });
  }
}

for (const { name, message } of results.refused) process.stdout.write(`refused ${name}: ${message}\n`);
for (const { name, difference } of results.wrong)
  process.stdout.write(`wrong ${name}: ${difference.toExponential(2)}\n`);
const differences = results.right.map(({ difference }) => difference).sort((a, b) => a - b);
const at = (share) => (differences[Math.floor(share * (differences.length - 1))] ?? 0).toExponential(2);
process.stdout.write(
  `${results.right.length} within 1e-5 of Keras (relative to the largest feature: median ${at(0.5)}, ` +
    `99 % ${at(0.99)}, most ${at(1)}), ${results.wrong.length} not, ${results.refused.length} refused\n`,
);
process.exit(results.wrong.length > 0 ? 1 : 0);

/** The largest difference from Keras' features, relative to the largest of them. */
async function differenceOf(place, { path, h5, size, scaling, layer, pool = "none", count }) {
  const network = await openNetwork({
    path: join(place, path),
    weights: h5 === undefined ? { kind: "own" } : { kind: "h5", path: join(place, h5) },
  });
  const extractor = await openExtractor({
    network,
    layer: layer ?? network.layer,
    pool,
    size,
    scaling,
    runtime,
    ...(libraries === undefined ? {} : { libraries }),
  });
  const expected = floats(readFileSync(join(place, "expected.bin")));
  const rows = new Float32Array(count * extractor.rowLength);
  await extractor.run(new Uint8Array(readFileSync(join(place, "pixels.bin"))), count, rows);
  await extractor.close();
  if (rows.length !== expected.length) return Number.POSITIVE_INFINITY;
  let most = 0;
  let difference = 0;
  for (let at = 0; at < rows.length; at++) {
    const distance = Math.abs(rows[at] - expected[at]);
    // NaN counts as far away.
    difference =
      distance <= difference ? difference : Number.isNaN(distance) ? Number.POSITIVE_INFINITY : distance;
    most = Math.max(most, Math.abs(expected[at]));
  }
  return difference / (most || 1);
}

function floats(bytes) {
  return new Float32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length));
}
