import { cpSync, mkdirSync, readFileSync, renameSync, rmSync, truncateSync } from "node:fs";
import { join } from "node:path";
import h5wasm, { File } from "h5wasm/node";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { mobilenet } from "../../steps/vision/networks/named/mobilenet.ts";
import type { Workplace } from "../cli/flow.ts";
import { layersOfMobilenet, writeH5 } from "../networks/h5-weights.ts";
import { type Kind, pipeline, placeWithNetworks } from "./exporting.ts";

// An export with the network in it, and a network that is not the model's.

let place: Workplace;
beforeAll(async () => {
  await h5wasm.ready;
  place = placeWithNetworks();
  cpSync(join(place.root, "small.h5"), join(place.root, "other.h5"));
  const other = new File(join(place.root, "other.h5"), "a");
  other.create_attribute("note", "the same weights, in another file");
  other.close();
});
afterAll(() => place.remove());

const keras = {
  title: "a network from Keras",
  extract: "{ layer: norm_a, input: { size: [31, 27], scaling: tf } }",
  files: ", network: ./small, weights: ./small.h5",
};
const onnx = {
  title: "an ONNX network",
  extract: "{ input: { scaling: torch } }",
  files: ", network: ./onnx/opset9.onnx",
};
const named = {
  title: "a named network",
  extract: "{ network: resnet50, weights: seeded, pool: average, input: { size: [32, 32] } }",
};

const other = (input: string): RegExp =>
  new RegExp(
    `the input \`${input}\` is not what the model's features were extracted with: it is sha256:[0-9a-f]{64}, and that was sha256:[0-9a-f]{64}\n`,
  );

const wrong: readonly (readonly [Kind, files: string, message: string | RegExp])[] = [
  [keras, "", "extracted with network from a file: give it as the input `network`"],
  [keras, ", network: ./small", "extracted with weights from a file: give it as the input `weights`"],
  [keras, ", network: ./small, weights: ./other.h5", other("weights")],
  [keras, ", network: ./onnx/opset11.onnx, weights: ./small.h5", other("network")],
  [onnx, ", network: ./onnx/opset11.onnx", other("network")],
  // Whose weights are missing, too; but it is another, whatever is given with it.
  [onnx, ", network: ./small", other("network")],
  [
    onnx,
    `${onnx.files}, weights: ./small.h5`,
    "with the network's own weights: leave the input `weights` out",
  ],
  [named, ", network: ./small", "with the network resnet50, which is no file: leave the input `network` out"],
  [named, ", weights: ./small.h5", "with weights that are no file (seeded): leave the input `weights` out"],
];

test.each(wrong)("of $title with the files{$1} it is refused", async (kind, files, message) => {
  const text = pipeline(kind);
  const at = text.indexOf("  model:\n");
  const step = text.slice(at).replace(/model: head\.model.* }/, `model: head.model${files} }`);
  place.write("p.yaml", text.slice(0, at) + step);
  const { code, stderr } = await place.flow(["run", "p.yaml"]);
  expect(code).toBe(1);
  expect(stderr).toMatch(message);
  expect(stderr).not.toMatch(/ {4}at /);
});

describe("weights that flow setup brought", () => {
  const kind = { title: "", extract: "{ network: mobilenet, pool: average, input: { size: [32, 32] } }" };
  const path = (): string => join(place.root, "home", mobilenet.weights.path);
  /** As large as the file that Keras publishes: no md5 of it is known. */
  const write = (factor: number): void => {
    mkdirSync(join(path(), ".."), { recursive: true });
    writeH5(
      path(),
      layersOfMobilenet().map((layer) => ({ ...layer, value: factor / 1024 })),
    );
    truncateSync(path(), mobilenet.weights.bytes);
  };
  const exported = (out: string) =>
    place.flow(["export", "latest", "--format", "onnx", "--include", "all", "-o", out]);

  test("are missed, or told from others, and nothing is left behind", async () => {
    write(1);
    place.write("p.yaml", pipeline(kind));
    expect(await place.flow(["run", "p.yaml"])).toMatchObject({ code: 0 });
    expect(await exported("same")).toMatchObject({ code: 0 });
    // HDF5 writes the time into a file: written once more it would be another.
    renameSync(path(), `${path()}.kept`);
    write(2);
    const changed = await exported("changed");
    expect(changed.code).toBe(2);
    expect(changed.stderr).toMatch(
      /other features than these: weights imagenet md5:\w+, here imagenet md5:\w+\n/,
    );
    rmSync(path());
    const missing = await exported("missing");
    expect(missing.code).toBe(2);
    expect(missing.stderr).toContain("is missing: `flow setup weights mobilenet` brings it");
    expect(() => readFileSync(join(place.root, "missing/README.md"))).toThrow("ENOENT");
    renameSync(`${path()}.kept`, path());
    expect(await exported("again")).toMatchObject({ code: 0 });
    const [first, second] = ["same", "again"].map((folder) =>
      readFileSync(join(place.root, folder, "model.onnx")),
    );
    expect(second?.equals(first as Buffer)).toBe(true);
  });
});
