import { execFileSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Workplace } from "../cli/flow.ts";
import { exampleIn, type Kind, pipeline, placeWithNetworks, type Written, written } from "./exporting.ts";
import { farthest } from "./farthest.ts";
import { kerasPredict } from "./keras-python.ts";
import { loadModel, loadTf } from "./keras-tfjs.ts";
import { lackOfPython, python } from "./python.ts";

// A model as layers, from pixels on, against what `flow predict` says of the same pictures.

let place: Workplace;
beforeAll(() => {
  place = placeWithNetworks();
});
afterAll(() => place.remove());

const kinds: readonly Kind[] = [
  {
    title: "a named network, standardized rows",
    extract: "{ network: resnet50, weights: seeded, pool: average, input: { size: [32, 32] } }",
    train: ", normalize: standard",
  },
  {
    title: "several layers, rows of length 1",
    extract:
      "{ network: mobilenet_v2, weights: seeded, pool: max, layer: [block_3_expand_relu, out_relu], input: { size: [32, 48] } }",
    train: ", normalize: l2, activation: gelu",
  },
  {
    title: "a network and weights from files, not pooled",
    extract: "{ layer: norm_a, input: { size: [31, 27], scaling: tf, resize: lanczos, fit: pad } }",
    files: ", network: ./small, weights: ./small.h5",
  },
  {
    title: "scaling of one's own",
    extract:
      "{ network: mobilenet, weights: seeded, pool: average, input: { size: [32, 32], scaling: { mean: [100, 110, 120], std: [50, 60, 70] } } }",
  },
];

describe("as a layers model of TensorFlow.js", () => {
  test.each(kinds)("gives the same probabilities to 1e-5: $title", async (kind) => {
    const found = await written(place, kind, "tfjs");
    const tf = await loadTf();
    const model = await loadModel(tf, found.folder);
    const given = model.predict(tf.tensor(Float32Array.from(found.pixels), [...found.dims])) as ReturnType<
      typeof tf.tensor
    >;
    expectSame(await given.data(), found);
    // As people copy it out of the card.
    writeFileSync(
      join(place.root, "classify.mjs"),
      exampleIn(found.folder, "Node")
        .replaceAll('readFileSync("', `readFileSync("${found.folder}/`)
        .replaceAll("readFileSync(path)", `readFileSync("${found.folder}/" + path)`),
    );
    const said = execFileSync(process.execPath, ["classify.mjs", found.pictures[0] as string], {
      cwd: place.root,
      encoding: "utf8",
      stdio: ["ignore", "pipe", "ignore"],
    });
    expect(said.trim().split("\n").at(-1)).toMatch(/^(discs|stripes) (0|1)\.?\d*$/);
  });
});

const lack = lackOfPython("keras", "numpy");
describe.skipIf(lack !== "")(`as a Keras file${lack}`, () => {
  test.each(kinds)("gives the same probabilities to 1e-5: $title", async (kind) => {
    const found = await written(place, kind, "keras");
    const file = join(found.folder, "model.keras");
    const inputs = Float32Array.from(found.pixels);
    const [given] = await kerasPredict([{ file, shape: found.dims, inputs }]);
    expectSame(given as Float32Array, found);
    const script = join(place.root, "classify.py");
    writeFileSync(script, exampleIn(found.folder, "Python"));
    const said = execFileSync(python as string, [script, found.pictures[0] as string], {
      cwd: found.folder,
      encoding: "utf8",
      stdio: ["ignore", "pipe", "ignore"],
    });
    const [name, share] = said.trim().split("\n").at(-1)?.split(" ") ?? [];
    const classes = found.expected.length / found.pictures.length;
    expect(name).toBe(found.named[0]);
    expect(Math.abs(Number(share) - Math.max(...found.expected.slice(0, classes)))).toBeLessThan(1e-5);
  });
});

function expectSame(given: ArrayLike<number>, { expected }: Written): void {
  expect(farthest(given, expected)).toBeLessThan(1e-5);
  // Pictures differ, or there would be nothing to compare.
  expect(new Set(expected).size).toBeGreaterThan(12);
}

test.each(["keras", "tfjs"])(
  "an ONNX network has no layers, and %s says so; its head alone is written",
  async (format) => {
    const kind = {
      title: "",
      extract: "{ input: { scaling: torch } }",
      files: ", network: ./onnx/batch3.onnx",
    };
    place.write("p.yaml", pipeline(kind, format));
    const { code, stderr } = await place.flow(["run", "p.yaml"]);
    expect(code).toBe(1);
    expect(stderr).toContain(
      `the network is an ONNX file, which has no layers: export the model as onnx, or its head alone as ${format}`,
    );
    expect(await place.flow(["export", "latest", "--format", format, "-o", `head-${format}`])).toMatchObject({
      code: 0,
    });
  },
);
