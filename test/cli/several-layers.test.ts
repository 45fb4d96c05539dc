import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { newWorkplace, type Workplace } from "./flow.ts";

// `layer:` with one name, and with a list of them.

const pipeline = (layer: string): string => `
name: small
steps:
  pictures: { uses: generate, with: { splits: { training: 6, validation: 4, evaluation: 4 }, size: 32 } }
  splits:
    uses: organize
    inputs: { source: pictures.images }
    with: { splits: { train: training, validation: validation, test: evaluation }, classes: { "0": stripes, "1": discs } }
  features:
    uses: extract
    inputs: { images: splits.images }
    with: { network: resnet50, weights: seeded, pool: average, input: { size: [32, 32] }, layer: ${layer} }
  head:
    uses: train
    inputs: { features: features.features }
    with: { epochs: 2, hidden: [4] }
  report:
    uses: report
    inputs: { features: features.features, model: head.model, images: splits.images }
`;

let place: Workplace;
beforeAll(() => {
  place = newWorkplace();
});
afterAll(() => place.remove());

async function run(layer: string) {
  place.write("p.yaml", pipeline(layer));
  const finished = await place.flow(["run", "p.yaml"]);
  expect(finished).toMatchObject({ code: 0, stderr: "" });
  const { steps } = place.record();
  const read = (step: string, output: string, file: string): unknown => {
    const digest = steps[step]?.outputs[output]?.digest.replace("sha256:", "") ?? "";
    return JSON.parse(readFileSync(join(place.root, ".flow/artifacts", digest, file), "utf8"));
  };
  return {
    step: steps.features,
    features: read("features", "features", "features.json") as Record<string, unknown>,
    model: read("head", "model", "model.json") as { extractor: Record<string, unknown>; inputLength: number },
  };
}

describe("`layer`", () => {
  test("of one name is that name, and of a list of one as well: one key, one store", async () => {
    const plain = await run("conv2_block1_out");
    expect(plain.features).toMatchObject({ layer: "conv2_block1_out", shape: [256] });
    const listed = await run("[conv2_block1_out]");
    expect(listed.step?.outcome).toBe("cached");
    expect(listed.step?.key).toBe(plain.step?.key);
    expect(listed.features).toEqual(plain.features);
  });

  test("of a list is in features.json and model.json, and has one row for all", async () => {
    const { features, model, step } = await run("[conv2_block1_out, conv1_relu]");
    const layer = ["conv2_block1_out", "conv1_relu"];
    expect(features).toMatchObject({ layer, shape: [256 + 64] });
    expect(model).toMatchObject({ inputLength: 256 + 64, extractor: { layer } });
    expect(step?.metrics).toMatchObject({ computed: 14 });
    // In another order they are other rows.
    expect((await run("[conv1_relu, conv2_block1_out]")).features.store).not.toBe(features.store);
  });

  test("names a layer once", async () => {
    place.write("p.yaml", pipeline("[conv1_relu, conv2_block1_out, conv1_relu]"));
    const { code, stderr } = await place.flow(["validate", "p.yaml"]);
    expect(code).toBe(2);
    expect(stderr).toContain('the layer "conv1_relu" is named twice');
    expect(stderr).toContain("p.yaml:12:");
  });

  test("that is none gets the nearest, all at once", async () => {
    place.write("p.yaml", pipeline("[conv1_relo, conv2_block1_out, conv5_block3]"));
    const { code, stdout, stderr } = await place.flow(["run", "p.yaml"]);
    expect(code).toBe(1);
    expect(stdout + stderr).toContain('the network has no layer "conv1_relo"; did you mean "conv1_relu"?');
    expect(stdout + stderr).toContain('the network has no layer "conv5_block3"; did you mean "conv5_block3_');
  });

  test.each(["[]", "[1]", '""', "{ a: b }"])("cannot be %s", async (layer) => {
    place.write("p.yaml", pipeline(layer));
    const { code, stderr } = await place.flow(["validate", "p.yaml"]);
    expect(code).toBe(2);
    expect(stderr).toMatch(/layer.*(must be|needs at least|cannot be)/);
  });
});
