import { mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { newWorkplace, type Workplace } from "../cli/flow.ts";
import { encodeOnnx, relu } from "../networks/onnx-models.ts";

// An ONNX network in a pipeline: what is hashed, what is named, what is refused before anything runs.

const pipeline = (more: { readonly with?: string; readonly inputs?: string } = {}): string => `
name: onnx
steps:
  pictures:
    uses: generate
    with: { splits: { training: 4, validation: 2, evaluation: 2 }, size: 16 }
  splits:
    uses: organize
    inputs: { source: pictures.images }
    with:
      splits: { train: training }
      classes: { "0": stripes, "1": discs }
  features:
    uses: extract
    inputs: { images: splits.images, network: ./net/net.onnx${more.inputs ?? ""} }
    with: { input: { scaling: none }${more.with ?? ""} }
`;

const model = encodeOnnx({
  inputs: [{ name: "picture", dims: [3, 3, 8, 8] }],
  nodes: [
    { ...relu, outputs: ["inner/relu"] },
    { op: "Mul", inputs: ["inner/relu", "factor"], outputs: ["y"] },
  ],
  weights: [{ name: "factor", dims: [1], external: { location: "weights/w.bin" } }],
  outputs: [{ name: "y", dims: [3, 3, 8, 8] }],
});

let place: Workplace;
beforeEach(() => {
  place = newWorkplace();
  mkdirSync(join(place.root, "net/weights"), { recursive: true });
  place.write("net/net.onnx", Buffer.from(model));
  place.write("net/weights/w.bin", Buffer.from(Float32Array.of(2).buffer));
});
afterEach(() => place.remove());

async function features(text: string): Promise<ReturnType<Workplace["record"]>["steps"][string] | undefined> {
  place.write("p.yaml", text);
  expect(await place.flow(["run", "p.yaml"])).toMatchObject({ code: 0, stderr: "" });
  return place.record().steps.features;
}

async function refused(text: string): Promise<string> {
  place.write("p.yaml", text);
  const { code, stderr } = await place.flow(["run", "p.yaml"]);
  expect(code).toBe(2);
  return stderr;
}

test("its files are the model and those that hold its weights, and its layer is a tensor", async () => {
  const first = await features(pipeline());
  expect(first).toMatchObject({ outcome: "ran", metrics: { computed: 4 } });
  const json = readFileSync(join(place.root, "runs/latest/features/features/features.json"), "utf8");
  expect(JSON.parse(json)).toMatchObject({ layer: "y", shape: [192], weights: "own" });
  place.write("net/readme", "about it");
  expect(await features(pipeline())).toMatchObject({ outcome: "cached" });
  place.write("net/weights/w.bin", Buffer.from(Float32Array.of(3).buffer));
  const second = await features(pipeline());
  expect(second).toMatchObject({
    outcome: "ran",
    reasons: [{ kind: "input-changed", input: "network", changed: { count: 1, paths: ["weights/w.bin"] } }],
    metrics: { computed: 4, reused: 0 },
  });
  expect(await features(pipeline({ with: ", layer: inner/relu, pool: max" }))).toMatchObject({
    outcome: "ran",
    metrics: { computed: 4 },
  });
});

test("a file of weights that is not there is named before anything runs", async () => {
  place.write(
    "net/net.onnx",
    Buffer.from(Buffer.from(model).toString("latin1").replace("w.bin", "x.bin"), "latin1"),
  );
  const said = await refused(pipeline());
  expect(said).toContain("missing: weights/x.bin");
});

test("TensorFlow, and weights of their own, are mistakes before anything runs", async () => {
  place.write("w.h5", "");
  const said = await refused(pipeline({ with: ", runtime: tensorflow", inputs: ", weights: ./w.h5" }));
  expect(said).toContain("an ONNX network runs on onnxruntime and openvino, not on tensorflow");
  expect(said).toContain("an ONNX network brings its own weights: leave the input `weights` out");
});

test("a wrong tensor and pixels that are no numbers of its kind are said in one sentence", async () => {
  place.write("p.yaml", pipeline({ with: ", layer: inner/rely" }));
  const { code, stderr } = await place.flow(["run", "p.yaml"]);
  expect(code).toBe(1);
  expect(stderr).toContain('the network has no tensor "inner/rely"; did you mean "inner/relu"?');
});
