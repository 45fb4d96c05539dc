import { cpSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Workplace } from "../cli/flow.ts";
import { type Kind, newFolderIn, pipeline, placeWithNetworks, type Written, written } from "./exporting.ts";
import { farthest } from "./farthest.ts";
import { computed } from "./onnx-session.ts";
import { inPython, lackOfPython } from "./python.ts";

// A model as ONNX, from pixels on, against what `flow predict` says of the same pictures.

let place: Workplace;
beforeAll(() => {
  place = placeWithNetworks();
});
afterAll(() => place.remove());

const resnet = "network: resnet50, weights: seeded, pool: average, input: { size: [32, 32] }";
const kinds: readonly (Kind & { readonly batch?: number; readonly operatorSet?: number })[] = [
  { title: "a named network", extract: `{ ${resnet} }`, train: ", normalize: standard" },
  {
    title: "several layers, in float16, rows of length 1",
    extract: `{ ${resnet.replace("average", "max")}, layer: [conv4_block1_out, conv5_block3_out], dtype: float16 }`,
    train: ", normalize: l2, activation: gelu",
  },
  {
    title: "a network and weights from files, not pooled",
    extract: "{ layer: norm_a, input: { size: [31, 27], scaling: tf, resize: lanczos, fit: pad } }",
    files: ", network: ./small, weights: ./small.h5",
  },
  ...[9, 11, 13, 15, 18, 21].map((operatorSet) => ({
    title: `an ONNX network of operator set ${operatorSet}`,
    extract: "{ layer: features, input: { scaling: torch } }",
    files: `, network: ./onnx/opset${operatorSet}.onnx`,
    train: operatorSet % 2 === 0 ? ", normalize: l2, activation: gelu" : ", normalize: standard",
    operatorSet,
  })),
  {
    title: "an ONNX network of three pictures at a time, in float16",
    extract: "{ dtype: float16, input: { scaling: torch, fit: crop, resize: bicubic } }",
    files: ", network: ./onnx/batch3.onnx",
    batch: 3,
  },
  {
    title: "an ONNX network whose weights lie beside it",
    extract: "{ input: { scaling: torch } }",
    files: ", network: ./onnx/external.onnx",
  },
];

const done = new Map<string, Promise<Written>>();

/** Each pipeline runs once. */
function writtenOnce(kind: Kind): Promise<Written> {
  const running = done.get(kind.title) ?? written(place, kind);
  done.set(kind.title, running);
  return running;
}

test.each(kinds)("gives the same probabilities to 1e-5: $title", async (kind) => {
  const { folder, pixels, dims, expected } = await writtenOnce(kind);
  const { batch } = kind;
  const rows = { type: "uint8", data: pixels, dims, ...(batch === undefined ? {} : { batch }) } as const;
  const { names, values } = await computed(join(folder, "model.onnx"), rows);
  expect(names).toEqual(["pixels", "probabilities"]);
  expect(farthest(values, expected)).toBeLessThan(1e-5);
  // Pictures differ, or there would be nothing to compare.
  expect(new Set(expected).size).toBeGreaterThan(12);
});

const lack = lackOfPython("onnx", "onnxruntime");

describe.skipIf(lack !== "")(`Python${lack}`, () => {
  test.each(kinds)("takes it for right and computes the same: $title", async (kind) => {
    const { folder, pixels, dims, expected } = await writtenOnce(kind);
    const own = newFolderIn(place, "python");
    writeFileSync(join(own, "pixels.bin"), pixels);
    const said = JSON.parse(
      inPython(own, compute, join(folder, "model.onnx"), JSON.stringify(dims), String(kind.batch ?? dims[0])),
    );
    expect(said.operatorSet).toBe(kind.operatorSet ?? 17);
    expect(said.classes).toEqual(["discs", "stripes"]);
    expect(farthest(said.probabilities, expected)).toBeLessThan(1e-5);
  });
});

const compute = `
import json, sys
import numpy as np, onnx, onnxruntime as ort
path, dims, batch = sys.argv[1], json.loads(sys.argv[2]), int(sys.argv[3])
model = onnx.load(path)
onnx.checker.check_model(model, full_check=True)
pixels = np.fromfile("pixels.bin", np.uint8).reshape(dims)
session = ort.InferenceSession(path)
parts = [session.run(["probabilities"], {"pixels": pixels[at:at + batch]})[0] for at in range(0, len(pixels), batch)]
print(json.dumps({
    "probabilities": np.concatenate(parts).ravel().tolist(),
    "operatorSet": [one.version for one in model.opset_import if one.domain == ""][0],
    "classes": json.loads({one.key: one.value for one in model.metadata_props}["flow.classes"]),
}))
`;

test("a network of too old a version of the operators is refused, and the head alone is not", async () => {
  const kind = {
    title: "",
    extract: "{ input: { scaling: torch } }",
    files: ", network: ./onnx/opset7.onnx",
  };
  place.write("old.yaml", pipeline(kind));
  const { code, stderr } = await place.flow(["run", "old.yaml"]);
  expect(code).toBe(1);
  expect(stderr).toContain(
    "the network is in version 7 of ONNX' operators, and the head needs 9: export the network anew, or the head alone",
  );
  expect(await place.flow(["export", "latest", "--format", "onnx", "-o", "head"])).toMatchObject({ code: 0 });
});

test("a model that was written is a network for the next, whose file says its own classes", async () => {
  const first = await writtenOnce(kinds[0] as Kind);
  cpSync(first.folder, join(place.root, "first"), { recursive: true });
  const again = {
    title: "again",
    extract: "{ input: { scaling: none } }",
    files: ", network: ./first/model.onnx",
  };
  const { folder, pixels, dims, expected } = await written(place, again);
  const rows = { type: "uint8", data: pixels, dims } as const;
  const { names, values } = await computed(join(folder, "model.onnx"), rows);
  expect(names).toEqual(["flow_pixels", "head__probabilities"]);
  expect(farthest(values, expected)).toBeLessThan(1e-5);
});
