import type { LinearAlgebra } from "../compute/linear-algebra.ts";
import type { Features } from "../learning/features/rows.ts";
import type { Dense } from "../learning/heads/dense.ts";
import type { Score } from "../learning/heads/scores.ts";
import type { UpperChoices } from "./choices.ts";
import type { Optimizer } from "./optimizers/optimizer.ts";
import type { TrainState } from "./state.ts";

/** Rows of features. */
export type Rows = Pick<Features, "rowLength" | "index" | "read">;

/** What a way to train works on. */
export interface Training {
  readonly features: Rows;
  /** What multiplies. */
  readonly algebra: LinearAlgebra;
  /** Moved; kernels may be brought up to date only when `layers` is asked for. */
  readonly state: TrainState;
  readonly optimizer: Optimizer;
  readonly upper: UpperChoices;
  /** Rows of a step, but for the last of an epoch. */
  readonly batchSize: number;
}

/**
 * A way to compute what training is: minibatch gradient descent, batch after
 * batch in a given order. Ways differ in what they hold and multiply, and in how
 * sums are rounded; not in the algorithm.
 */
export interface Method {
  /**
   * Trains on the rows at `order` (positions in the index of the features), a
   * batch at a time. The gradient is the mean over the batch.
   *
   * @param rateOf the learning rate of a step, counted from 0 within this call.
   * @param before how many steps were taken before this call, since training began.
   * @returns the score of each batch before its step.
   */
  steps(order: Int32Array, rateOf: (step: number) => number, before: number): AsyncGenerator<Score>;
  /** The score of rows as the weights stand. */
  score(positions: Int32Array): Promise<Score>;
  /** Whether all numbers that training goes on from are. */
  isFinite(): Promise<boolean>;
  /** Writes what training needs to go on into a folder. */
  keep(folder: string): Promise<void>;
  /** A copy of that as it stands now, to be written while training goes on, in the place of the one before; absent where it is large. */
  readonly copy?: () => Promise<Pick<Method, "keep">>;
  /** Goes on from what was kept. */
  restore(folder: string): Promise<void>;
  /** The head as it stands; once, at the end. */
  layers(): Promise<readonly Dense[]>;
  close(): Promise<void>;
}
