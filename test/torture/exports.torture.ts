import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { StepError } from "../../engine/step-type.ts";
import { randomStream } from "../../steps/compute/random.ts";
import { keras } from "../../steps/export/formats/keras.ts";
import { namedNetworks } from "../../steps/vision/networks/named.ts";
import { defaultLayer, openNetwork } from "../../steps/vision/networks/open.ts";
import { farthest } from "../export/farthest.ts";
import { kerasPredict } from "../export/keras-python.ts";
import { lackOfPython } from "../export/python.ts";
import { type WholeModel, wholeModel } from "../export/whole-models.ts";
import { randomNetwork, randomNetworks } from "../networks/random-networks.ts";

// Networks with a head behind them as Keras files, against what flow makes of the same pixels.

const root = mkdtempSync(join(tmpdir(), "flow-export-networks-"));
afterAll(() => rmSync(root, { recursive: true }));
const newFolder = (): string => mkdtempSync(join(root, "model-"));

const COUNT = 3;
const size = [96, 112] as const;
const lack = lackOfPython("keras", "numpy");

describe.skipIf(lack !== "")(`in Keras${lack}`, () => {
  test.each([...namedNetworks])("%s", async (name, { scaling }) => {
    const { uniform } = randomStream(1, name);
    const pixels = Uint8Array.from({ length: COUNT * size[0] * size[1] * 3 }, () => 256 * uniform());
    const options = async () => {
      const network = await openNetwork({ named: name, size, weights: { kind: "seeded" } });
      return { network, layer: defaultLayer(network), pool: "average", size, scaling } as const;
    };
    const model = await wholeModel(options, pixels, { count: COUNT, folder: newFolder() });
    await expectSame(name, model, pixels, [COUNT, ...size, 3]);
    expect(new Set(model.probabilities).size).toBeGreaterThan(3);
  });

  test.each(randomNetworks)("%s", async (name) => {
    const { options, count, pixels, dims } = randomNetwork(name);
    const model = await wholeModel(options, pixels, { count, folder: newFolder() });
    await expectSame(name, model, pixels, dims);
  });
});

async function expectSame(
  name: string,
  { exported, probabilities }: WholeModel,
  pixels: Uint8Array,
  shape: readonly number[],
): Promise<void> {
  const folder = newFolder();
  try {
    await keras.write(exported, folder);
  } catch (error) {
    expect(error).toBeInstanceOf(StepError);
    // biome-ignore lint/suspicious/noConsole: a series says what it found
    console.log(`${name}: refused: ${(error as Error).message}`);
    return;
  }
  const inputs = Float32Array.from(pixels);
  const [given] = await kerasPredict([{ file: join(folder, "model.keras"), shape, inputs }]);
  const off = farthest(given as Float32Array, probabilities);
  // biome-ignore lint/suspicious/noConsole: a series says what it found
  console.log(`${name}: ${off.toExponential(1)}`);
  expect(off).toBeLessThan(1e-5);
}
