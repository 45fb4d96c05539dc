// Seconds per epoch and peak memory of each way to train, on rows that take more than a few hundred MB:
// with products of all rows, with those of a window at a time, and row by row.
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { flow, machine, print } from "./common.js";
import { writeRows } from "./rows.js";

const sets = [
  { classes: 10, training: 20_000, validation: 0, width: 2_048 },
  { classes: 2, training: 20_000, validation: 0, width: 25_088 },
];
const ways = [
  { method: "auto", memory: "2GB" },
  { method: "sampleSpace", memory: "2GB" },
  { method: "sampleSpace", memory: "500MB" },
  { method: "direct", memory: "500MB" },
];

print(machine());
for (const set of sets) {
  const folder = mkdtempSync(join(tmpdir(), "flow-bench-"));
  try {
    await writeRows(folder, set);
    print(
      `${set.classes} classes, ${set.training} rows × ${set.width}, head ${set.width}-256-16-${set.classes}`,
    );
    for (const [seed, { method, memory }] of ways.entries()) {
      flow(folder, pipeline({ method, memory, seed }));
      const { steps } = JSON.parse(readFileSync(join(folder, "runs/latest/run.json"), "utf8"));
      const { seconds, metrics, peakMemory } = steps.head;
      print(
        `${method}, memory: ${memory}: ${metrics.secondsPerEpoch} s an epoch, ${seconds.toFixed(1)} s in all, at most ${Math.round(peakMemory / 1e6)} MB; ${wayOf(metrics)}`,
      );
    }
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function wayOf({ method, windowRows }) {
  if (method === "direct") return "row by row";
  return windowRows === undefined ? "products of all rows" : `windows of ${windowRows} rows`;
}

/** Seeds of their own: none finds what another has kept. */
function pipeline({ method, memory, seed }) {
  return `
name: bench
steps:
  head:
    uses: train
    inputs: { features: ./features }
    with:
      method: ${method}
      memory: ${memory}
      hidden: [256, 16]
      batchSize: 32
      epochs: 3
      seed: ${seed}
`;
}
