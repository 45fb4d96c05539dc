import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { newWorkplace, repository } from "../cli/flow.ts";
import { lackOf, lackOfBf16, lackOfGpu, testHome } from "../runtimes/home.ts";

const data = join(repository, "../shared/data");
const isThere = existsSync(join(data, "photos"));
// biome-ignore lint/suspicious/noConsole: a skip says why
if (!isThere) console.log(`skipped: real photographs are not there (${data})`);

const computed = [
  { runtime: "onnxruntime", device: "cpu", precision: "float32", lack: "" },
  { runtime: "onnxruntime", device: "webgpu", precision: "float32", lack: lackOfGpu() },
  { runtime: "openvino", device: "cpu", precision: "float32", lack: lackOf("openvino") },
  { runtime: "openvino", device: "cpu", precision: "bf16", lack: lackOfBf16() || lackOf("openvino") },
  { runtime: "tensorflow", device: "auto", precision: "float32", lack: lackOf("tensorflow") },
].map((subject) => ({
  ...subject,
  title: `${subject.runtime}, ${subject.device}, ${subject.precision}${subject.lack}`,
}));

describe.skipIf(!isThere).each(computed)("real photographs and a pretrained network on $title", (subject) => {
  const { runtime, device, precision, lack } = subject;
  test.skipIf(lack !== "")("are told apart as food or not, at least 95 of 100", async () => {
    const place = newWorkplace();
    place.write(
      "photos.yaml",
      `
name: photos
steps:
  splits:
    uses: organize
    inputs: { source: ${data}/photos }
    with:
      splits: { train: training, validation: validation, test: evaluation }
      classes: { "0": non_food, "1": food }
  features:
    uses: extract
    inputs: { images: splits.images, network: ${data}/networks/v2_1.0_224 }
    with:
      layer: global_average_pooling2d
      input: { scaling: { mean: 128, std: 128 } }
      runtime: ${runtime}
      device: ${device}
      precision: ${precision}
  head:
    uses: train
    inputs: { features: features.features }
    with:
      hidden: [64]
      optimizer: { kind: sgd, learningRate: 1e-2, momentum: 0.9 }
      epochs: 30
      runtime: ${runtime === "tensorflow" ? runtime : "onnxruntime"}
  report:
    uses: report
    inputs: { model: head.model, features: features.features, images: splits.images }
`,
    );
    try {
      const { code, stdout, stderr } = await place.flow(
        ["run", "photos.yaml"],
        testHome ? { FLOW_HOME: testHome } : {},
      );
      expect(stderr).toBe("");
      expect(code).toBe(0);
      const { steps } = place.record();
      expect(steps.splits?.metrics).toMatchObject({ images: 462, skipped: 0 });
      expect(steps.features?.metrics).toMatchObject({ images: 462, computed: 462, failed: 0 });
      expect(steps.report?.metrics.accuracy).toBeGreaterThanOrEqual(0.95);
      // Learned weights: nothing to warn of.
      expect(stdout).not.toContain("Note:");
      expect(stdout).toMatch(/precision {4}recall {2}f1-score {3}support/);

      const args = ["predict", "latest", `${data}/photos/evaluation`, "--csv"];
      const predicted = await place.flow(args, testHome ? { FLOW_HOME: testHome } : {});
      expect(predicted).toMatchObject({ code: 0, stderr: "" });
      const table = readFileSync(join(place.root, "runs/latest/report/report/predictions.csv"), "utf8");
      expect(probabilities(predicted.stdout)).toEqual(probabilities(table));
    } finally {
      place.remove();
    }
  });
});

/** By file name: the class and what follows, digit for digit. */
function probabilities(table: string): ReadonlyMap<string, string> {
  const [, ...lines] = table.trimEnd().split("\n");
  return new Map(
    lines.map((line) => {
      const [file = "", , ...rest] = line.split(",");
      return [file.replace(/^.*\//, ""), rest.join()];
    }),
  );
}
