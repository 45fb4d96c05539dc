import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { percent } from "../../engine/wording.ts";
import { newWorkplace, type Workplace } from "../cli/flow.ts";
import { pipeline, plain } from "../cli/predicting.ts";
import { inPython, lackOfPython } from "./python.ts";

// Exports as users make them: by a step of a pipeline, and of a run that is over.

const formats = ["numpy", "hdf5", "parquet", "csv"] as const;
const exports = `${formats
  .map(
    (format) =>
      `  ${format}: { uses: export, inputs: { features: features.features }, with: { format: ${format} } }`,
  )
  .join("\n")}
  onnx:
    uses: export
    inputs: { model: head.model, features: features.features, report: report.report }
    with: { format: onnx }
`;

let place: Workplace;
const latest = (name: string): string => join(place.root, "runs/latest", name);
beforeAll(async () => {
  place = newWorkplace();
  place.write("p.yaml", pipeline(plain) + exports);
  const { code, stdout, stderr } = await place.flow(["run", "p.yaml"]);
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  // The report is still what a run comes to, and what is noted of all is said once.
  expect(stdout).toContain("macro avg");
  expect(stdout.match(/^Note: /gm)).toHaveLength(1);
});
afterAll(() => place.remove());

test.each([...formats, "onnx"])("flow export writes what a step writes, as %s", async (format) => {
  const { code, stderr, stdout } = await place.flow([
    "export",
    "latest",
    "--format",
    format,
    "-o",
    `out/${format}`,
  ]);
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  const [step, out] = [latest(`${format}/files`), join(place.root, "out", format)];
  const files = readdirSync(step).sort();
  expect(readdirSync(out).sort()).toEqual(files);
  expect(files).toEqual(expect.arrayContaining(["README.md", "labels.json"]));
  for (const file of files) {
    expect(stdout).toContain(`  ${file} `);
    const [a, b] = [step, out].map((folder) => readFileSync(join(folder, file)));
    // The step does not know the run that it is part of.
    if (file === "README.md") {
      expect(b?.toString()).toBe(`${a}- by the run ${place.record().id.replaceAll("_", "\\_")} of p.yaml\n`);
    } else expect(b?.equals(a as Buffer), file).toBe(true);
  }
  expect(JSON.parse(readFileSync(join(out, "labels.json"), "utf8"))).toEqual(["discs", "stripes"]);
});

test("a card says what a model is of, how good it is, and what its limits are", () => {
  const card = readFileSync(latest("onnx/files/README.md"), "utf8");
  const accuracy = place.record().steps.report?.metrics.accuracy as number;
  expect(card).toContain(`accuracy on the test pictures: ${percent(accuracy)}, `);
  expect(card).toContain("| discs | 12 | 4 | 18 |");
  expect(card).toContain("- the network's weights are seeded: random, not learned from ImageNet.");
  expect(card).toContain("network resnet50, weights seeded, layer `conv5_block3_out`, pooled (average)");
});

test("a second run writes nothing, and another format nothing but that", async () => {
  await place.flow(["run", "p.yaml"]);
  expect(Object.values(place.record().steps).every(({ outcome }) => outcome === "cached")).toBe(true);
});

const lack = lackOfPython("numpy", "pandas", "pyarrow", "h5py", "onnxruntime");
test.skipIf(lack !== "")(`the examples of the cards run as they are written${lack}`, () => {
  for (const format of [...formats, "onnx"]) {
    const folder = latest(`${format}/files`);
    const card = readFileSync(join(folder, "README.md"), "utf8");
    const examples = [...card.matchAll(/^```python\n(.*?)^```/gms)].map(([, code = ""]) => code);
    expect(examples.length, format).toBeGreaterThan(0);
    for (const example of examples) {
      expect(example.trim().split("\n").length).toBeLessThan(16);
      expect(inPython(folder, example, latest("numpy/files/test.npy")), format).toMatch(/discs|stripes/);
    }
  }
});

test.each([
  [["latest", "-o", "x"], "say which --format: onnx, tfjs, keras, numpy, hdf5, parquet, csv"],
  [["latest", "--format", "numpy"], "say where to: -o <a folder that is new or empty>"],
  [["latest", "--format", "excel", "-o", "x"], "there is no format excel; there are onnx"],
  [["latest", "--format", "numpy", "-o", "full"], "full is not empty: name a folder that is new or empty"],
  [["latest", "--format", "numpy", "-o", "p.yaml"], "p.yaml is no folder"],
  [["latest", "--format", "numpy", "-o", "x", "--step", "head"], "has no extract step head; it has features"],
  [["latest", "--format", "csv", "--include", "all", "-o", "x"], "csv is a format for features"],
  [["2031", "--format", "numpy", "-o", "x"], "no run is called 2031"],
])("flow export %s says what is wrong, and leaves nothing", async (args, message) => {
  mkdirSync(join(place.root, "full"), { recursive: true });
  writeFileSync(join(place.root, "full/mine.txt"), "mine");
  const { code, stdout, stderr } = await place.flow(["export", ...args]);
  expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
  expect(stderr).toContain(message);
  expect(existsSync(join(place.root, "x"))).toBe(false);
  expect(readFileSync(join(place.root, "full/mine.txt"), "utf8")).toBe("mine");
  expect(readdirSync(place.root).filter((name) => /^\.(x|full)\./.test(name))).toEqual([]);
});

test("--json says what was written; an empty folder that is there is filled", async () => {
  mkdirSync(join(place.root, "empty"));
  const { stdout } = await place.flow(["export", "p.yaml", "--format", "onnx", "-o", "empty", "--json"]);
  const written = JSON.parse(stdout);
  expect(written).toMatchObject({ run: place.record().id, step: "head", format: "onnx" });
  expect(written.folder).toBe(join(place.root, "empty"));
  expect(written.files.map(({ file }: { file: string }) => file)).toEqual(readdirSync(written.folder).sort());
});

test.each([
  [
    "inputs: { features: features.features }, with: { format: onnx }",
    "onnx is a format for models, and the input `model` is not given",
  ],
  [
    "inputs: { model: head.model }, with: { format: csv }",
    "csv is a format for features, and the input `features` is not given",
  ],
  [
    "inputs: { features: features.features }, with: { format: csv, include: all }",
    "`include: all` is for models",
  ],
  ["inputs: { model: head.model, network: ./n }, with: { format: onnx }", "the head alone needs no network"],
  ["inputs: { model: head.model }, with: { format: onx }", 'did you mean "onnx"?'],
])("a pipeline with %s is refused in its place", async (step, message) => {
  place.write("wrong.yaml", `${pipeline(plain)}  out: { uses: export, ${step} }\n`);
  const { code, stderr } = await place.flow(["validate", "wrong.yaml"]);
  expect(code).toBe(2);
  expect(stderr).toContain(message);
  expect(stderr).toMatch(/^wrong\.yaml:\d+:\d+ error /m);
});
