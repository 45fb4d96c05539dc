import { test } from "vitest";
import { killTraining } from "./kills-train.ts";

test("a training that is killed thirty times gives the same bytes", async () => {
  await killTraining({ images: 2_000, kills: 30, seed: 2 });
});
