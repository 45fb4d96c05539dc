import { test } from "vitest";
import { expectFlat } from "../serve/memory.ts";

test("memory stays what it is over 20,000 requests", async () => {
  await expectFlat(20_000);
});
