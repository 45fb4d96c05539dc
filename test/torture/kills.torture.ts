import { test } from "vitest";
import { killRepeatedly } from "./kills.ts";

test("an extraction that is killed thirty times gives the same bytes, and computes no more than a segment twice each time", async () => {
  await killRepeatedly({ images: 3_000, kills: 30, seed: 2 });
});
