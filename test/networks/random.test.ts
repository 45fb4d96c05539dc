import { describe, expect, test } from "vitest";
import { openExtractor } from "../../steps/vision/extractor.ts";
import { exact, type Subject } from "../runtimes/subjects.ts";
import { expectClose } from "./golden.ts";
import { randomNetwork, randomNetworks } from "./random-networks.ts";

test("there are thirty random networks", () => {
  expect(randomNetworks.length).toBe(30);
});

describe.each(exact)("$title", ({ options, lack }) => {
  test.skipIf(lack !== "").each(randomNetworks)(
    "%s gives Keras' features within 1e-5 of their maximum",
    (name) => compare(name, options),
  );
});

async function compare(name: string, own: Subject["options"]): Promise<void> {
  const { options, count, pixels, expected } = randomNetwork(name);
  const extractor = await openExtractor({ ...(await options()), ...own });
  const rows = new Float32Array(count * extractor.rowLength);
  await extractor.run(pixels, count, rows);
  await extractor.close();
  expectClose(rows, expected, 1e-5);
}
