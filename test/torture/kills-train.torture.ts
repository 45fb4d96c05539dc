import { expect, test } from "vitest";
import { killTraining } from "./kills-train.ts";

test("a training that is killed thirty times gives the same bytes, and computes no product twice but those in hand", async () => {
  // The first kill finds products that are missing.
  expect(await killTraining({ images: 2_000, epochs: 1_200, kills: 30, seed: 2 })).toBeGreaterThan(1);
});
