import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { randomStream } from "../../steps/compute/random.ts";
import { keras } from "../../steps/export/formats/keras.ts";
import { openHead } from "../../steps/learning/heads/head.ts";
import { type Model, type ModelDescription, writeModel } from "../../steps/learning/heads/model.ts";
import { planExtractor } from "../../steps/vision/extractor.ts";
import { namedNetworks } from "../../steps/vision/networks/named.ts";
import { defaultLayer, openNetwork } from "../../steps/vision/networks/open.ts";
import { farthest } from "../export/farthest.ts";
import { kerasPredict, lackOfKeras } from "../export/keras-python.ts";

const root = mkdtempSync(join(tmpdir(), "flow-export-networks-"));
afterAll(() => rmSync(root, { recursive: true }));

const COUNT = 3;
const size = [96, 112] as const;
const lack = lackOfKeras();

test.skipIf(lack !== "").each([...namedNetworks])(
  `%s with a head behind it gives the same probabilities in Keras${lack}`,
  async (name, { scaling }) => {
    const options = async () => {
      const network = await openNetwork({ named: name, size, weights: { kind: "seeded" } });
      return { network, layer: defaultLayer(network), pool: "average", size, scaling } as const;
    };
    const planned = await planExtractor(await options());
    const { rowLength } = planned;
    const { uniform } = randomStream(1, name);
    const pixels = Uint8Array.from({ length: COUNT * size[0] * size[1] * 3 }, () => 256 * uniform());
    const extractor = await planned.open();
    const rows = new Float32Array(COUNT * rowLength);
    await extractor.run(pixels, COUNT, rows);
    await extractor.close();
    // As far apart as rows are, whatever their size.
    const most = Math.max(...rows.map(Math.abs));
    const kernel = Float32Array.from(
      { length: rowLength * 3 },
      () => (4 * uniform() - 2) / most / Math.sqrt(rowLength),
    );
    const model: Model = {
      description: {
        classes: ["a", "b", "c"],
        inputLength: rowLength,
        preprocessing: { size, scaling },
        extractor: { network: name, layer: "", weights: "seeded", pool: "average" },
        layers: [{ units: 3, activation: "softmax" }],
      } as unknown as ModelDescription,
      layers: [{ inputs: rowLength, units: 3, kernel, bias: new Float32Array(3) }],
    };
    const folder = mkdtempSync(join(root, "model-"));
    await writeModel(folder, model);
    const head = await openHead(folder);
    const { probabilities } = await head.predict(rows, COUNT);
    await head.close();
    const program = await (await planExtractor(await options())).program();
    await keras.write({ model, extractor: program }, folder);
    const inputs = Float32Array.from(pixels);
    const [given] = await kerasPredict([
      { file: join(folder, "model.keras"), shape: [COUNT, ...size, 3], inputs },
    ]);
    const off = farthest(given as Float32Array, probabilities);
    // biome-ignore lint/suspicious/noConsole: a series says what it found
    console.log(`${name}: ${off.toExponential(1)}`);
    expect(off).toBeLessThan(1e-5);
    expect(new Set(probabilities).size).toBeGreaterThan(3);
  },
);
