import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "vitest";
import { openCache } from "../../engine/cache/cache.ts";
import { readonlyStore } from "../../engine/cache/readonly-store.ts";
import type { Event } from "../../engine/record/event.ts";
import { openFeatures } from "../../steps/learning/features/rows.ts";
import type { Workplace } from "../cli/flow.ts";
import { type Kills, killRuns } from "./kill-runs.ts";

/** Of rows of 48 × 48 × 64 float32 values, in 48 MB. */
const segmentRows = 85;

/** The first layer of ResNet-50 alone: rows are wide and quickly computed, so that there are many segments. */
const pipeline = (images: number): string => `
name: kills
steps:
  pictures: { uses: generate, with: { splits: { training: ${images - 80}, validation: 40, evaluation: 40 }, size: 64 } }
  splits: { uses: organize, inputs: { source: pictures.images } }
  features:
    uses: extract
    inputs: { images: splits.images }
    with: { network: resnet50, weights: seeded, layer: conv1_relu, input: { size: [96, 96] }, batchSize: 16 }
`;

/**
 * Kills extraction at random moments, its worker and the engine in turn, then
 * lets it come through: the bytes are those of a run that nobody disturbed, and
 * what was computed is every picture once, and a segment for each kill.
 */
export async function killRepeatedly({ images, kills, seed }: Kills): Promise<void> {
  const killed = { kills, seed, pipeline: pipeline(images), until: "splits", within: 400 };
  await killRuns(killed, async (place, undisturbed) => {
    expect(Number(place.record().steps.features?.metrics.computed)).toBeGreaterThan(0);
    expect(await rowsDigest(place)).toBe(await rowsDigest(undisturbed));
    expect(computedIn(place)).toBeLessThanOrEqual(images + kills * segmentRows);
    // Of the last execution alone.
    const { metrics } = place.record().steps.features ?? {};
    expect(Number(metrics?.computed) + Number(metrics?.reused)).toBe(images);
  });
}

/** Pictures that executions of extraction got through, killed ones included. */
function computedIn(place: Workplace): number {
  const runs = join(place.root, "runs");
  return readdirSync(runs)
    .filter((name) => name !== "latest" && existsSync(join(runs, name, "events.ndjson")))
    .map((name) => {
      const lines = readFileSync(join(runs, name, "events.ndjson"), "utf8").split("\n");
      const done = lines.flatMap((line) => {
        // Of a killed run the last line may be cut.
        if (!line.endsWith("}")) return [];
        const event = JSON.parse(line) as Event;
        const isProgress = event.kind === "step-progress" && event.step === "features";
        return isProgress ? [event.progress.done - (event.progress.reused ?? 0)] : [];
      });
      return Math.max(0, ...done);
    })
    .reduce((sum, count) => sum + count, 0);
}

export async function rowsDigest(place: Workplace): Promise<string> {
  const cache = openCache(join(place.root, ".flow"));
  const features = await openFeatures(join(place.root, "runs/latest/features/features"), (id) =>
    readonlyStore(cache.stores, id),
  );
  const hash = createHash("sha256");
  const row = new Float32Array(features.rowLength);
  for (const at of features.index.keys()) {
    await features.read([at], row);
    hash.update(new Uint8Array(row.buffer));
  }
  await features.close();
  return hash.digest("hex");
}
