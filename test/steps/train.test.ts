import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { newWorkplace, type Workplace } from "../cli/flow.ts";
import { lackOf, testHome } from "../runtimes/home.ts";

const pipeline = `
name: choices
steps:
  pictures:
    uses: generate
    with: { splits: { training: 40, validation: 20, evaluation: 20 }, size: 32 }
  splits:
    uses: organize
    inputs: { source: pictures.images }
    with:
      splits: { train: training, validation: validation, test: evaluation }
      classes: { "0": stripes, "1": discs }
  features:
    uses: extract
    inputs: { images: splits.images }
    with: { network: resnet50, weights: seeded, input: { size: [32, 32] }, pool: average }
  head:
    uses: train
    inputs: { features: features.features }
    with: { batchSize: 8, {choices} }
  report:
    uses: report
    inputs: { model: head.model, features: features.features, images: splits.images }
`;

// What is gone on with in one place is trained from nothing in the other.
let place: Workplace;
let other: Workplace;
beforeAll(() => {
  place = newWorkplace();
  other = newWorkplace();
});
afterAll(() => {
  place.remove();
  other.remove();
});

interface Head {
  readonly digest: string | undefined;
  readonly metrics: Readonly<Record<string, unknown>>;
}

async function trained(at: Workplace, choices: string): Promise<Head> {
  at.write("p.yaml", pipeline.replace("{choices}", choices));
  const { code, stderr } = await at.flow(["run", "p.yaml"], testHome ? { FLOW_HOME: testHome } : {});
  expect(code, stderr).toBe(0);
  const { head } = at.record().steps;
  return { digest: head?.outputs.model?.digest, metrics: head?.metrics ?? {} };
}

function text(at: Workplace, file: string): string {
  return readFileSync(join(at.root, "runs/latest", file), "utf8");
}

describe("a training that is gone on with has the bytes of one from nothing", () => {
  test.each([
    "hidden: [], normalize: l2, optimizer: { kind: sgd, nesterov: true, weightDecay: 0.01 }",
    "hidden: [8, 4], dropout: [0.5, 0.25], activation: [gelu, tanh], shuffle: epoch, optimizer: { kind: adam }",
    "hidden: [8, 4], normalize: standard, classWeights: { stripes: 2, discs: 0.5 }, optimizer: { kind: adamw, decay: 1e-3 }",
    "hidden: [8, 4], labelSmoothing: 0.1, optimizer: { kind: rmsprop, momentum: 0.5 }, schedule: { kind: step, every: 2, factor: 0.5 }",
    "hidden: [8, 4], activation: silu, classWeights: balanced, optimizer: { kind: rmsprop }, schedule: { kind: exponential, every: 2, factor: 0.5, warmup: 1 }",
    "hidden: [96, 96], optimizer: { kind: adam }, dropout: 0.2",
    "method: sampleSpace, memory: 1.2MB, hidden: [8, 4], shuffle: epoch, optimizer: { kind: sgd, nesterov: true, weightDecay: 0.01 }",
  ])("%s", async (choices) => {
    await trained(place, `${choices}, epochs: 2`);
    const extended = await trained(place, `${choices}, epochs: 5`);
    expect(extended.metrics).toMatchObject({ epochs: 5, computed: 3, reused: 2 });
    const fresh = await trained(other, `${choices}, epochs: 5`);
    expect(fresh.metrics).toMatchObject({ epochs: 5, computed: 5 });
    expect(extended.digest).toBe(fresh.digest);
    expect(text(place, "logs/head.log")).toMatch(
      /epoch 5: loss [\d.e-]+, accuracy [\d.]+; validation: [\d.e-]+, [\d.]+\n/,
    );
  });
});

const lack = lackOf("tensorflow");

describe.skipIf(lack !== "")(`runtime: tensorflow${lack}`, () => {
  test.each(["sampleSpace", "direct"])(
    "trains as onnxruntime does, from checkpoints of its own, %s",
    async (method) => {
      const choices = `hidden: [96, 96], method: ${method}`;
      const losses = (at: Workplace): readonly number[] =>
        text(at, "head/model/history.csv")
          .split("\n")
          .slice(1, -1)
          .map((line) => Number(line.split(",")[1]));
      const { digest } = await trained(place, `${choices}, epochs: 5`);
      const expected = losses(place);
      const begun = await trained(place, `${choices}, epochs: 2, runtime: tensorflow`);
      expect(begun.metrics).toMatchObject({ epochs: 2, computed: 2, reused: 0 });
      expect(begun.metrics.device).toMatch(/^(cpu|cuda: .*)$/);
      const extended = await trained(place, `${choices}, epochs: 5, runtime: tensorflow`);
      expect(extended.metrics).toMatchObject({ epochs: 5, computed: 3, reused: 2 });
      const found = losses(place);
      expect(found).toHaveLength(5);
      for (const [at, loss] of found.entries()) {
        expect(Math.abs(loss - (expected[at] as number)) / (expected[0] as number)).toBeLessThan(1e-5);
      }
      const fresh = await trained(other, `${choices}, epochs: 5, runtime: tensorflow`);
      expect(fresh.metrics).toMatchObject({ computed: 5 });
      expect(fresh.digest).toBe(extended.digest);
      expect(fresh.digest).not.toBe(digest);
    },
  );

  test("asks for the same key on whichever device", async () => {
    const choices = "hidden: [8], epochs: 1, runtime: tensorflow";
    await trained(place, choices);
    await trained(place, `${choices}, device: cpu`);
    expect(place.record().steps.head?.outcome).toBe("cached");
  });
});

test("says how TensorFlow is brought, before anything runs", async () => {
  place.write("p.yaml", pipeline.replace("{choices}", "runtime: tensorflow"));
  const { code, stdout } = await place.flow(["plan", "p.yaml"]);
  expect(code).toBe(2);
  expect(stdout).toMatch(/head +blocked +missing: TensorFlow .*\n +`flow setup tensorflow` brings it\n/);
});

test("a schedule that ends with the epochs trains anew for other ones", async () => {
  const cosine = "hidden: [8, 4], schedule: { kind: cosine, warmup: 1 }";
  await trained(place, `${cosine}, epochs: 2`);
  const { metrics } = await trained(place, `${cosine}, epochs: 3`);
  expect(metrics).toMatchObject({ computed: 3, reused: 0 });
});

test("early stopping keeps the best epoch, and goes on as if it had never stopped", async () => {
  const choices = "hidden: [8, 4], shuffle: epoch, optimizer: { kind: sgd, learningRate: 0.005 }";
  const stopping = (patience: number): string =>
    `${choices}, epochs: 300, earlyStopping: { patience: ${patience}, minDelta: 0.05 }`;
  const short = await trained(place, stopping(1));
  const { epochs, bestEpoch } = short.metrics as { epochs: number; bestEpoch: number };
  expect(bestEpoch).toBe(epochs - 1);
  expect(epochs).toBeLessThan(300);
  expect(text(place, "head/model/history.csv").trimEnd().split("\n")).toHaveLength(epochs + 1);
  const weights = (): Buffer => readFileSync(join(place.root, "runs/latest/head/model/weights.bin"));
  const stopped = weights();
  await trained(place, `${choices}, epochs: ${bestEpoch}`);
  expect(weights()).toEqual(stopped);

  const long = await trained(place, stopping(3));
  expect(long.metrics.reused).toBe(epochs);
  expect(long.metrics.bestEpoch).toBeGreaterThan(bestEpoch);
  const fresh = await trained(other, stopping(3));
  expect(fresh.metrics.reused).toBe(0);
  expect(fresh.digest).toBe(long.digest);
  // What was kept says where less patience would have ended.
  const between = await trained(other, stopping(2));
  expect(between.metrics).toMatchObject({ computed: 0, bestEpoch: long.metrics.bestEpoch });
  // Of the first best epoch only the numbers were kept.
  const again = await trained(other, stopping(1));
  expect(again.metrics).toMatchObject({ computed: epochs, bestEpoch });
  expect(again.digest).toBe(short.digest);
});

test.each([
  ["classWeights: { stripes: 1, dots: 2 }", "classWeights names dots; the classes are discs, stripes"],
  ["classWeights: { stripes: 1 }", "classWeights has no weight for discs"],
  [
    "optimizer: { kind: sgd, learningRate: 1e30 }, epochs: 9, shuffle: none",
    /the loss is not a finite number any more in epoch 1, step \d+ \(learning rate 1e\+30; the batch is train\/(discs|stripes)\/\w+\.jpg, .*\.jpg and 5 more\)/,
  ],
])("%s is refused", async (choices, message) => {
  place.write("p.yaml", pipeline.replace("{choices}", choices));
  const { code, stderr } = await place.flow(["run", "p.yaml"]);
  expect(code).toBe(1);
  expect(stderr).toMatch(message);
});

test("early stopping by validation needs validation images", async () => {
  const bare = pipeline.replace("validation: validation, ", "");
  place.write("p.yaml", bare.replace("{choices}", "earlyStopping: { patience: 3 }"));
  const { code, stderr } = await place.flow(["run", "p.yaml"]);
  expect(code).toBe(1);
  expect(stderr).toMatch("earlyStopping goes by validationLoss, and the features hold no images");
});
