import { expect, test } from "vitest";
import { scheduled } from "../../steps/train/schedule.ts";

type Given = Parameters<typeof scheduled>[0];
type Schedule = Given["schedule"];

const given = (schedule: Schedule, decay = 0): Given => ({
  optimizer: { kind: "sgd", learningRate: 0.1, decay },
  schedule,
  epochs: 10,
});

// Four steps an epoch, so that step 10 is in the middle of the third.
test.each<[string, Schedule, readonly (readonly [number, number])[]]>([
  [
    "constant",
    { kind: "constant", warmup: 0 },
    [
      [0, 0.1],
      [10, 0.1],
      [39, 0.1],
    ],
  ],
  [
    "warmup",
    { kind: "constant", warmup: 2 },
    [
      [0, 0],
      [2, 0.025],
      [7, 0.0875],
      [8, 0.1],
      [39, 0.1],
    ],
  ],
  [
    "step",
    { kind: "step", every: 2, factor: 0.5, warmup: 0 },
    [
      [0, 0.1],
      [7, 0.1],
      [8, 0.05],
      [15, 0.05],
      [16, 0.025],
    ],
  ],
  [
    "exponential",
    { kind: "exponential", every: 2, factor: 0.25, warmup: 0 },
    [
      [0, 0.1],
      [4, 0.05],
      [8, 0.025],
      [10, 0.1 * 0.25 ** 1.25],
    ],
  ],
  [
    "exponential after a warmup",
    { kind: "exponential", every: 2, factor: 0.25, warmup: 2 },
    [
      [0, 0],
      [4, 0.025],
      [8, 0.025],
    ],
  ],
  [
    "cosine",
    { kind: "cosine", minimum: 0.02, warmup: 0 },
    [
      [0, 0.1],
      [10, 0.06 + 0.04 * Math.SQRT1_2],
      [20, 0.06],
      [40, 0.02],
    ],
  ],
  [
    "cosine after a warmup",
    { kind: "cosine", minimum: 0.02, warmup: 2 },
    [
      [0, 0],
      [4, 0.05],
      [8, 0.1],
      [24, 0.06],
      [40, 0.02],
    ],
  ],
])("%s", (_, schedule, expected) => {
  const rateOf = scheduled(given(schedule), 4);
  for (const [step, rate] of expected) expect(rateOf(step), `step ${step}`).toBeCloseTo(rate, 12);
});

test("decay is Keras', by the step, and goes with a warmup", () => {
  const rateOf = scheduled(given({ kind: "constant", warmup: 0 }, 0.5), 4);
  expect([0, 1, 2].map(rateOf)).toEqual([0.1, 0.1 / 1.5, 0.1 / 2]);
  expect(scheduled(given({ kind: "constant", warmup: 1 }, 0.5), 4)(2)).toBeCloseTo(0.025, 12);
});
