import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { childrenOf, digestsOf, newWorkplace, until, type Workplace } from "./flow.ts";

/** The quickstart in small: 32 × 32 pixels, 2,048 features, and a head that trains in seconds. */
const small = `
name: small
params: { epochs: 40, threads: 2, batchSize: 16, training: 560 }
steps:
  pictures:
    uses: generate
    with: { splits: { training: "\${params.training}", validation: 40, evaluation: 40 }, size: 32 }
  splits:
    uses: organize
    inputs: { source: pictures.images }
    with:
      splits: { train: training, validation: validation, test: evaluation }
      classes: { "0": stripes, "1": discs }
  features:
    uses: extract
    inputs: { images: splits.images }
    with:
      network: resnet50
      weights: seeded
      input: { size: [32, 32] }
      batchSize: \${params.batchSize}
      threads: \${params.threads}
  head:
    uses: train
    inputs: { features: features.features }
    with: { hidden: [64, 16], epochs: "\${params.epochs}" }
  report:
    uses: report
    inputs: { model: head.model, features: features.features, images: splits.images }
`;

const run = ["run", "small.yaml"] as const;

let undisturbed: Workplace;
let place: Workplace;
beforeAll(async () => {
  undisturbed = newWorkplace();
  undisturbed.write("small.yaml", small);
  const { code, stderr } = await undisturbed.flow(run);
  expect(stderr).toBe("");
  expect(code).toBe(0);
});
afterAll(() => undisturbed.remove());
beforeEach(() => {
  place = newWorkplace();
  place.write("small.yaml", small);
});
afterEach(() => place.remove());

describe("an interrupted run", () => {
  test("goes on inside extract after its worker was killed, and inside train after everything was", async () => {
    const first = place.start(run);
    await until(() => place.entries().length > 0, "the first segment of rows");
    const [worker = 0] = childrenOf(first.child.pid ?? 0);
    process.kill(worker, "SIGKILL");
    const killed = await first.finished;
    expect(killed.code).toBe(1);
    expect(killed.stderr).toMatch(/features failed: the worker was killed by SIGKILL/);
    expect(killed.stderr).toMatch(/log: runs\/.*\/logs\/features\.log/);
    expect(killed.stdout).toMatch(/What was finished is kept\. To go on: flow run small\.yaml/);
    expect(place.record()).toMatchObject({
      outcome: "failed",
      steps: { splits: { outcome: "ran" }, features: { outcome: "failed", failure: { kind: "worker" } } },
    });

    const second = place.start(run);
    await until(() => place.entries().some((name) => name.includes("epoch-")), "the first checkpoint");
    const children = childrenOf(second.child.pid ?? 0);
    second.child.kill("SIGKILL");
    await second.finished;
    // Workers end by themselves when nobody is there to hear them.
    await until(() => children.every((pid) => !isRunning(pid)), "the workers to end");
    expect(place.record().outcome).toBe("running");
    const status = await place.flow(["status", "small.yaml"]);
    expect(status.stdout).toMatch(/Last run .*: crashed/);

    const third = await place.flow(run);
    expect(third.code).toBe(0);
    const record = place.record();
    expect(record.steps).toMatchObject({
      pictures: { outcome: "cached" },
      splits: { outcome: "cached" },
      features: { outcome: "cached" },
      head: { outcome: "ran", metrics: { epochs: 40 } },
    });
    const { features, head } = record.steps;
    expect(features?.metrics.reused).toBeGreaterThan(0);
    expect(Number(features?.metrics.computed) + Number(features?.metrics.reused)).toBe(640);
    expect(head?.metrics.reused).toBeGreaterThan(0);
    expect(Number(head?.metrics.computed) + Number(head?.metrics.reused)).toBe(40);
    expect(digestsOf(record)).toEqual(digestsOf(undisturbed.record()));
    // What dead processes left behind was swept.
    expect(readdirSync(join(place.root, ".flow/staging"))).toEqual([]);
  });

  test("ends with 130 after Ctrl-C, loses nothing that was computed, and goes on", async () => {
    const first = place.start(run);
    await until(() => place.entries().length > 0, "the first segment of rows");
    first.child.kill("SIGINT");
    const stopped = await first.finished;
    expect(stopped.code).toBe(130);
    expect(stopped.stderr).toMatch(/Stopping/);
    expect(place.record()).toMatchObject({
      outcome: "interrupted",
      steps: { features: { outcome: "interrupted" }, head: { outcome: "not-run" } },
    });
    expect((await place.flow(run)).code).toBe(0);
    const record = place.record();
    expect(record.steps.features?.metrics.reused).toBeGreaterThanOrEqual(256);
    expect(digestsOf(record)).toEqual(digestsOf(undisturbed.record()));
  });
});

describe("a changed run", () => {
  test("computes only the pictures that are new, and none that was relabelled", async () => {
    await place.flow([...run, "-S", "training=550", "-S", "epochs=2"]);
    expect(place.record().steps.features?.metrics).toMatchObject({ images: 630, computed: 630, reused: 0 });
    await place.flow([...run, "--until", "features"]);
    const added = place.record();
    expect(added.steps.features?.metrics).toMatchObject({ images: 640, computed: 10, reused: 630 });
    expect(added.steps.features?.reasons).toMatchObject([{ kind: "input-changed", input: "images" }]);
    expect(digestsOf(added)).toMatchObject({
      "features/features": undisturbed.record().steps.features?.outputs.features?.digest,
    });
    const swapped = small.replace('{ "0": stripes, "1": discs }', '{ "0": a_new_name, "1": another }');
    place.write("small.yaml", swapped);
    await place.flow([...run, "--until", "features"]);
    expect(place.record().steps.features).toMatchObject({
      outcome: "ran",
      metrics: { images: 640, computed: 0, reused: 640 },
    });
  });

  test("trains only the epochs that are new, to the bytes of a run from nothing", async () => {
    for (const [epochs, computed, reused] of [
      [25, 25, 0],
      [40, 15, 25],
      [25, undefined, undefined],
    ] as const) {
      expect((await place.flow([...run, "-S", `epochs=${epochs}`])).code).toBe(0);
      const { head } = place.record().steps;
      if (computed === undefined) expect(head?.outcome).toBe("cached");
      else expect(head).toMatchObject({ outcome: "ran", metrics: { epochs, computed, reused } });
      if (epochs === 40) expect(digestsOf(place.record())).toEqual(digestsOf(undisturbed.record()));
    }
    // The record of the key is ignored, the checkpoints are used all the same.
    await place.flow([...run, "-R", "head"]);
    expect(place.record().steps.head).toMatchObject({ outcome: "ran", metrics: { computed: 0, reused: 40 } });
    expect(digestsOf(place.record())).toEqual(digestsOf(undisturbed.record()));
  });

  test("is not touched by batch size and threads of the extraction, whose rows have the same bytes", async () => {
    const other = await place.flow([...run, "-S", "batchSize=7", "-S", "threads=1"]);
    expect(other.code).toBe(0);
    expect(digestsOf(place.record())).toEqual(digestsOf(undisturbed.record()));
    await place.flow([...run, "-S", "batchSize=64", "-S", "threads=2"]);
    expect(Object.values(place.record().steps).map(({ outcome }) => outcome)).toEqual(
      Array(5).fill("cached"),
    );
  });
});

function isRunning(pid: number): boolean {
  return existsSync(`/proc/${pid}`) || childrenOf(process.pid).includes(pid);
}
