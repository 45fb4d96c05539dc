import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { openExtractor } from "../../steps/vision/extractor.ts";
import { openNetwork } from "../../steps/vision/networks/open.ts";
import type { Scaling } from "../../steps/vision/preprocessing.ts";
import { decodeValues, expectClose, picturePixels } from "./golden.ts";
import { subjects } from "./onnx-subjects.ts";

// ONNX networks in the forms that people bring, against onnxruntime's Python package:
// bench/golden/onnx_networks.py.

const folder = new URL("../golden/onnx/", import.meta.url).pathname;

interface Golden {
  readonly size: readonly [number, number];
  readonly count: number;
  readonly within: number;
  readonly cases: readonly {
    readonly layer: string;
    readonly pool: "none" | "average" | "max";
    readonly scaling: Scaling;
    readonly shape: readonly number[];
    readonly values: string;
  }[];
}

const networks = JSON.parse(readFileSync(join(folder, "networks.json"), "utf8")) as Record<string, Golden>;
const cases = Object.entries(networks).flatMap(([name, { cases, ...golden }]) =>
  cases.map((one) => ({ name, ...golden, ...one })),
);

describe.each(subjects)("$title", ({ options, lack }) => {
  test.skipIf(lack !== "").each(cases)(
    "$name at $layer, pool $pool, scaling $scaling",
    async ({ name, layer, pool, scaling, size, count, shape, values, within }) => {
      const network = await openNetwork({ path: join(folder, `${name}.onnx`), weights: { kind: "own" } });
      const extractor = await openExtractor({ network, layer, pool, scaling, size, threads: 2, ...options });
      expect(extractor.shape).toEqual(shape);
      const rows = new Float32Array(count * extractor.rowLength);
      await extractor.run(picturePixels(count, ...size), count, rows);
      expectClose(rows, decodeValues(values), within);
      await extractor.close();
    },
  );
});
