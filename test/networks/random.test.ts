import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { openExtractor } from "../../steps/vision/extractor.ts";
import { openNetwork } from "../../steps/vision/networks/open.ts";
import type { Scaling } from "../../steps/vision/preprocessing.ts";
import { exact, type Subject } from "../runtimes/subjects.ts";
import { expectClose } from "./golden.ts";

// Networks as Keras saved them, and the features that it gave: bench/golden/networks_random.py and networks_keep.py.
const golden = new URL("../golden/keras/random/", import.meta.url).pathname;
const names = readdirSync(golden).sort();

interface Case {
  readonly path: string;
  readonly h5?: string;
  readonly layer: string;
  readonly pool?: "average" | "max";
  readonly size: [number, number];
  readonly scaling: Scaling;
  readonly count: number;
}

test("there are thirty random networks", () => {
  expect(names.length).toBe(30);
});

describe.each(exact)("$title", ({ options, lack }) => {
  test.skipIf(lack !== "").each(names)("%s gives Keras' features within 1e-5 of their maximum", (name) =>
    compare(name, options),
  );
});

async function compare(name: string, options: Subject["options"]): Promise<void> {
  const read = (file: string): Buffer => readFileSync(join(golden, name, file));
  const {
    path,
    h5,
    layer,
    pool = "none",
    size,
    scaling,
    count,
  } = JSON.parse(String(read("case.json"))) as Case;
  const network = await openNetwork({
    path: join(golden, name, path),
    weights: h5 === undefined ? { kind: "own" } : { kind: "h5", path: join(golden, name, h5) },
  });
  const extractor = await openExtractor({ network, layer, pool, size, scaling, ...options });
  const rows = new Float32Array(count * extractor.rowLength);
  await extractor.run(new Uint8Array(read("pixels.bin")), count, rows);
  await extractor.close();
  const expected = new Float32Array(new Uint8Array(read("expected.bin")).buffer);
  expectClose(rows, expected, 1e-5);
}
