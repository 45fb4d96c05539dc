import { test } from "vitest";
import { expectFlat } from "./memory.ts";

test("memory stays what it is over 2,000 requests", async () => {
  await expectFlat(2_000);
});
