import { test } from "vitest";
import { killTraining } from "./kills-train.ts";

// All thirty: npm run torture.
test("a training that is killed four times gives the same bytes, and computes no product twice but those in hand", async () => {
  await killTraining({ images: 600, epochs: 400, kills: 4, seed: 1 });
});
