import { mkdirSync, readFileSync, truncateSync } from "node:fs";
import { join } from "node:path";
import h5wasm from "h5wasm/node";
import { afterEach, beforeEach, expect, test } from "vitest";
import { mobilenet } from "../../steps/vision/networks/named/mobilenet.ts";
import { layersOfMobilenet, writeH5 } from "../networks/h5-weights.ts";
import { newWorkplace, type Workplace } from "./flow.ts";

let place: Workplace;
beforeEach(async () => {
  await h5wasm.ready;
  place = newWorkplace();
});
afterEach(() => place.remove());

const pipeline = `
name: p
steps:
  pictures:
    uses: generate
    with: { splits: { training: 2, validation: 2, evaluation: 2 }, size: 32 }
  images:
    uses: organize
    inputs: { source: pictures.images }
    with:
      splits: { train: training, validation: validation, test: evaluation }
      classes: { "0": stripes, "1": discs }
  features:
    uses: extract
    inputs: { images: images.images }
    with: { network: mobilenet, pool: average, input: { size: [32, 32] } }
`;

test("weights whose md5 nobody says are known by what they hold", { timeout: 120_000 }, async () => {
  const write = (factor: number): void => {
    const path = join(place.root, "home", mobilenet.weights.path);
    mkdirSync(join(path, ".."), { recursive: true });
    const small = layersOfMobilenet().map((layer) => ({ ...layer, value: factor / 1024 }));
    writeH5(path, small);
    // The size is all that Keras' source lets one know of it.
    truncateSync(path, mobilenet.weights.bytes);
  };
  const features = async (): Promise<{ weights: string; store: string }> => {
    expect(await place.flow(["run", "p.yaml"])).toMatchObject({ code: 0, stderr: "" });
    return JSON.parse(readFileSync(join(place.root, "runs/latest/features/features/features.json"), "utf8"));
  };
  place.write("p.yaml", pipeline);
  write(1);
  const first = await features();
  expect(first.weights).toMatch(/^imagenet md5:[0-9a-f]{32}$/);
  expect((await place.flow(["plan", "p.yaml"])).stdout).toMatch(/features +cached/);
  write(2);
  expect((await place.flow(["plan", "p.yaml"])).stdout).toMatch(
    /features +run +requiredFiles\.mobilenet-imagenet: "md5:[0-9a-f]{32}" → "md5:/,
  );
  const second = await features();
  expect(second.weights).not.toBe(first.weights);
  expect(second.store).not.toBe(first.store);
});
