import { readdirSync } from "node:fs";
import { afterAll, beforeAll, expect, test } from "vitest";
import { newWorkplace, type Workplace } from "../cli/flow.ts";

const pipeline = `
name: small
steps:
  pictures: { uses: generate, with: { splits: { training: 4, validation: 2, evaluation: 2 }, size: 32 } }
  splits:
    uses: organize
    inputs: { source: pictures.images }
    with: { splits: { train: training, validation: validation, test: evaluation }, classes: { "0": stripes, "1": discs } }
  features:
    uses: extract
    inputs: { images: splits.images }
    with: { network: resnet50, weights: seeded, pool: average, input: { size: [32, 32] } }
`;

/** Tells of every native library that a process opens. */
const teller = `
const open = process.dlopen;
process.dlopen = function (module, file, ...rest) {
  process._rawDebug("opened " + file);
  return open.call(this, module, file, ...rest);
};`;
const env = { NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(teller)}` };

let place: Workplace;
beforeAll(async () => {
  place = newWorkplace();
  place.write("p.yaml", pipeline);
  expect(await place.flow(["run", "p.yaml"])).toMatchObject({ code: 0 });
});
afterAll(() => place.remove());

test.each([
  [["--help"]],
  [["validate", "p.yaml"]],
  [["plan", "p.yaml", "-S", "steps.features.with.runtime=tensorflow"]],
  [["plan", "p.yaml", "--force"]],
  [["status", "p.yaml"]],
  [["run", "p.yaml"]],
  [["setup"]],
  [["layers", "resnet50"]],
  // Its process does.
  [["predict", "p.yaml", "runs/latest/pictures/images"]],
])("flow %j opens no native library", async (args) => {
  const { stderr } = await place.flow(args, env);
  expect(stderr.match(/^opened .*$/gm) ?? []).toEqual([]);
});

test("an extraction does, so that the above could fail", async () => {
  // A worker's words go to the log of its step.
  place.write("p.yaml", pipeline.replace("average", "max"));
  expect(await place.flow(["run", "p.yaml", "-v"], env)).toMatchObject({
    stdout: expect.stringMatching(/opened .*onnxruntime/),
  });
});

test("an extraction leaves nothing of anybody's telemetry in the user's home", () => {
  const left = readdirSync(place.root, { recursive: true, encoding: "utf8" });
  expect(left.some((name) => name.startsWith(".flow"))).toBe(true);
  expect(left.filter((name) => /^\.cache|^\.config|Microsoft/.test(name))).toEqual([]);
});
