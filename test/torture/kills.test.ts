import { test } from "vitest";
import { killRepeatedly } from "./kills.ts";

// All thirty: npm run torture.
test("an extraction that is killed four times gives the same bytes, and computes no more than a segment twice each time", async () => {
  await killRepeatedly({ images: 400, kills: 4, seed: 1 });
});
