import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { StepError } from "../../engine/step-type.ts";
import { tfjs } from "../../steps/export/formats/tfjs.ts";
import { randomNetwork, randomNetworks } from "../networks/random-networks.ts";
import { farthest } from "./farthest.ts";
import { loadModel, loadTf } from "./keras-tfjs.ts";
import { wholeModel } from "./whole-models.ts";

const root = mkdtempSync(join(tmpdir(), "flow-export-random-"));
afterAll(() => rmSync(root, { recursive: true }));

const refused: string[] = [];

test.each(randomNetworks)(
  "%s gives the same probabilities in TensorFlow.js, or is refused by name",
  async (name) => {
    const tf = await loadTf();
    const { options, count, pixels, dims } = randomNetwork(name);
    const folderOfModel = mkdtempSync(join(root, "model-"));
    const { exported, probabilities } = await wholeModel(options, pixels, { count, folder: folderOfModel });
    const folder = mkdtempSync(join(root, "files-"));
    try {
      await tfjs.write(exported, folder);
    } catch (error) {
      expect(error).toBeInstanceOf(StepError);
      expect((error as Error).message).toMatch(/export the model as (keras or )?onnx/);
      refused.push(`${name}: ${(error as Error).message}`);
      return;
    }
    const model = await loadModel(tf, folder);
    const given = model.predict(tf.tensor(Float32Array.from(pixels), [...dims])) as ReturnType<
      typeof tf.tensor
    >;
    expect(farthest(await given.data(), probabilities)).toBeLessThan(1e-5);
  },
);

test("few of them are refused", () => {
  // biome-ignore lint/suspicious/noConsole: says what no layers compute
  console.log(refused.join("\n"));
  expect(refused.length).toBeLessThan(5);
});
