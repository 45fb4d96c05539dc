import { createHash } from "node:crypto";
import { afterAll, describe, expect, test } from "vitest";
import type { LinearAlgebra } from "../../steps/compute/linear-algebra.ts";
import { openDirect } from "../../steps/train/direct.ts";
import type { Method } from "../../steps/train/method.ts";
import { completed, type GivenOptimizer } from "../../steps/train/optimizers/optimizer.ts";
import { ruleOf } from "../../steps/train/optimizers/rules.ts";
import { openWindows } from "../../steps/train/sample-space/windows.ts";
import { initialState } from "../../steps/train/state.ts";
import { type AlgebraSubject, algebras } from "../runtimes/algebras.ts";
import { problem } from "./problem.ts";
import { newFolder, openSampled, removeFolders, trainingOf } from "./rows.ts";

afterAll(removeFolders);

const plain = { learningRate: 0.01, decay: 0.001 };
const optimizers: readonly GivenOptimizer[] = [
  { kind: "sgd", ...plain },
  { kind: "sgd", ...plain, momentum: 0 },
  { kind: "sgd", ...plain, nesterov: true, weightDecay: 0.05 },
  { kind: "adam", ...plain, learningRate: 1e-4 },
  { kind: "adamw", ...plain, learningRate: 1e-4, weightDecay: 0.05 },
  { kind: "rmsprop", ...plain, learningRate: 1e-5 },
  { kind: "rmsprop", ...plain, learningRate: 1e-5, momentum: 0.5, weightDecay: 0.05 },
];
const ways = optimizers.flatMap((optimizer) =>
  (optimizer.kind === "sgd" ? (["direct", "sampleSpace", "windows"] as const) : (["direct"] as const)).map(
    (way) => ({
      optimizer,
      way,
    }),
  ),
);

const rows = 200;
const batchSize = 17;
const { features, training } = problem({ training: rows, validation: 0, rowLength: 5000, classes: 3 });

/** With each that is remembered. */
const kept = ways.filter(({ optimizer: { kind, nesterov } }) => kind !== "adamw" && nesterov === undefined);

/** Wide layers above the first: 160 × 90 is computed in the runtime. */
function open({ optimizer: given, way }: (typeof ways)[number], algebra: LinearAlgebra): Promise<Method> {
  const optimizer = completed(given);
  const state = initialState([features.rowLength, 160, 90, 3], 5, ruleOf(optimizer).memory);
  const options = trainingOf({ algebra, features, state, optimizer, batchSize });
  if (way === "direct" || optimizer.kind !== "sgd") return openDirect(options);
  if (way === "windows") return openWindows({ ...options, optimizer, windowRows: 3 * batchSize });
  return openSampled({ ...options, optimizer, training: rows });
}

/** Losses of the steps of an epoch, of 12. */
async function epoch(method: Method, { optimizer }: (typeof ways)[number], at: number): Promise<number[]> {
  const before = at * Math.ceil(rows / batchSize);
  const rateOf = (step: number) => optimizer.learningRate / (1 + optimizer.decay * (before + step));
  const losses: number[] = [];
  for await (const { loss } of method.steps(training, rateOf, before)) losses.push(loss);
  return losses;
}

const [embedded, ...others] = algebras as readonly [AlgebraSubject, ...AlgebraSubject[]];

describe.each(others)("$runtime", ({ open: openAlgebra, lack }) => {
  const run = test.skipIf(lack !== "");

  run.each(ways)("has onnxruntime's losses for sixty steps, $way: $optimizer", async (way) => {
    const [one, other] = [await open(way, await embedded.open()), await open(way, await openAlgebra())];
    const expected: number[] = [];
    const found: number[] = [];
    for (let at = 0; at < 5; at++) {
      expected.push(...(await epoch(one, way, at)));
      found.push(...(await epoch(other, way, at)));
    }
    expect(found.length).toBe(60);
    const first = expected[0] as number;
    for (const [step, loss] of found.entries()) {
      expect(Math.abs(loss - (expected[step] as number)) / first, `step ${step}`).toBeLessThan(1e-5);
    }
    expect(expected.at(-1)).toBeLessThan(0.9 * first);
    await one.close();
    await other.close();
  });
});

describe.each(algebras)("$runtime", ({ open: openAlgebra, lack }) => {
  test.skipIf(lack !== "").each(kept)(
    "goes on from what was kept, to the bit, $way: $optimizer",
    async (way) => {
      const algebra = await openAlgebra();
      const [whole, half, rest] = [
        await open(way, algebra),
        await open(way, algebra),
        await open(way, algebra),
      ];
      const folder = newFolder();
      // What was kept takes the place of what has moved elsewhere, at other rates.
      await epoch(rest, way, 3);
      for (let at = 0; at < 3; at++) {
        const expected = await epoch(whole, way, at);
        if (at === 1) {
          await half.keep(folder);
          await rest.restore(folder);
        }
        expect(await epoch(at === 0 ? half : rest, way, at)).toEqual(expected);
      }
      expect(await rest.isFinite()).toBe(true);
      const [found, expected] = [await rest.layers(), await whole.layers()];
      for (const [at, { kernel }] of found.entries())
        expect(bitsOf(kernel)).toBe(bitsOf(expected[at]?.kernel));
      for (const method of [whole, half, rest]) await method.close();
    },
  );

  test.skipIf(lack !== "").each(["direct", "sampleSpace", "windows"] as const)(
    "tells when a weight is not finite any more, %s",
    async (way) => {
      const steep = { way, optimizer: { kind: "sgd", learningRate: 1e30, decay: 0 } } as const;
      const method = await open(steep, await openAlgebra());
      expect(await method.isFinite()).toBe(true);
      await epoch(method, steep, 0);
      expect(await method.isFinite()).toBe(false);
      await method.close();
    },
  );
});

function bitsOf(values: ArrayLike<number> = []): string {
  return createHash("sha256")
    .update(new Uint8Array(Float32Array.from(values).buffer))
    .digest("hex");
}
