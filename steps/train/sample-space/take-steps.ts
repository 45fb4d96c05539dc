import type { Score } from "../../learning/heads/scores.ts";
import type { Upper } from "../upper.ts";
import type { Group } from "./group.ts";

export interface StepsToTake {
  readonly upper: Upper;
  /** Of the group's rows. */
  readonly labels: Int32Array;
  readonly batchSize: number;
  /** The learning rate of a step, counted from 0 since training began. */
  rateOf(step: number): number;
  /** How many steps were taken before. */
  readonly before: number;
}

/** Takes the steps of a group, a batch at a time; gives the score of each batch before its step. */
export async function* takeSteps(
  group: Pick<Group<Float32Array>, "products" | "step">,
  { upper, labels, batchSize, rateOf, before }: StepsToTake,
): AsyncGenerator<Score> {
  for (let from = 0, step = before; from < labels.length; from += batchSize, step++) {
    const count = Math.min(batchSize, labels.length - from);
    const rate = rateOf(step);
    const values = await group.products(from, count);
    const batch = labels.subarray(from, from + count);
    const { delta, ...score } = await upper.step(values, batch, count, rate, step);
    group.step(from, count, delta, rate);
    yield score;
  }
}
