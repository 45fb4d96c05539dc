import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import h5wasm, { File } from "h5wasm/node";
import { describe, expect, test } from "vitest";
import { filesOfLayersModel } from "../../steps/vision/networks/layers-model-files.ts";
import { openNetwork } from "../../steps/vision/networks/open.ts";
import { zip } from "../zip.ts";
import {
  functional,
  input,
  layer,
  newFolder,
  oneByOne,
  summing,
  valuesAt,
  writeModel,
} from "./model-files.ts";

function written(name: string, content: string | Uint8Array): string {
  const path = join(newFolder(), name);
  writeFileSync(path, content);
  return path;
}

const open = (path: string): Promise<unknown> => openNetwork({ path, weights: { kind: "own" } });

describe("what is no network that flow reads is named, with the way out", () => {
  test.each([
    ["model.onnx", "\b\b\u0012\u001b[31mflow\0", "is no ONNX model, or is damaged or cut short"],
    ["model.tflite", "\u001c\0\0\0TFL3\u0014\0", "is a TensorFlow Lite model"],
    [
      "frozen.pb",
      "\n\u0013",
      "is a graph of TensorFlow's, which is not read: load it in Keras and save it with",
    ],
    ["model.pth", "\u0080\u0002", "is a pickled model (PyTorch)"],
    ["weights.safetensors", "\u0008\0\0\0\0\0\0\0{}", "is a file of weights alone (safetensors)"],
    ["picture.jpg", "\u00ff\u00d8\u00ff\u001b[2J", "is no network that flow reads: a model.json"],
    [
      "model.json",
      '{"format": "graph-model", "modelTopology": {"node": []}}',
      "is a graph model of TensorFlow.js",
    ],
    ["model.json", "{\u001b[31m", "is no JSON, or is cut short"],
    ["model.keras", "PK\u0003\u0004 and no more", "is a damaged zip file, or is cut short"],
    ["model.h5", "\u0089HDF\r\n\u001a\n and no more", "is no HDF5 file, or is cut short"],
  ])("%s", async (name, content, message) => {
    const path = written(name, Buffer.from(content, "latin1"));
    const error = await open(path).then(
      () => undefined,
      (caught: Error) => caught,
    );
    expect(error?.name).toBe("StepError");
    expect(error?.message).toContain(`${path} ${message}`);
    // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what must not be there.
    expect(error?.message).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f]/);
  });

  test("a SavedModel is a folder", async () => {
    const folder = newFolder();
    writeFileSync(join(folder, "saved_model.pb"), "\n");
    expect(filesOfLayersModel(folder)).toEqual(["saved_model.pb"]);
    await expect(open(folder)).rejects.toThrow(`${folder} is a SavedModel of TensorFlow's`);
  });

  test("weights without a network say how to name it", async () => {
    await h5wasm.ready;
    const path = join(newFolder(), "w.h5");
    const file = new File(path, "w");
    file.create_attribute("layer_names", ["conv"]);
    file.close();
    await expect(open(path)).rejects.toThrow("holds weights without a network: save the whole model");
  });
});

describe("`model.to_json()` alone", () => {
  const json = (): string =>
    JSON.stringify(functional("net", [input("picture"), layer("Conv2D", "sum", "picture", oneByOne)]));

  test("asks for its weights", async () => {
    await expect(open(written("model.json", json()))).rejects.toThrow(
      "describes a network and brings no weights: give them under `inputs`, `weights: ./file.h5`",
    );
  });

  test("is a network with them", async () => {
    await h5wasm.ready;
    const path = written("model.json", json());
    const weights = join(newFolder(), "w.weights.h5");
    const file = new File(weights, "w");
    file.create_group("layers").create_group("conv2d").create_group("vars");
    file.create_dataset({
      name: "layers/conv2d/vars/0",
      data: Float32Array.of(1, 1, 1),
      shape: [1, 1, 3, 1],
    });
    file.close();
    expect((await openNetwork({ path, weights: { kind: "h5", path: weights } })).layer).toBe("sum");
  });
});

describe("a .keras file", () => {
  test("with a name that leads out of it is refused", async () => {
    const path = written(
      "model.keras",
      zip({ "../../escaped": "x", "config.json": "{}", "model.weights.h5": "x" }),
    );
    await expect(open(path)).rejects.toThrow("is a damaged zip file");
    const without = written("model.keras", zip({ "a/b": "x", "config.json": "{}", "model.weights.h5": "x" }));
    await expect(open(without)).rejects.toThrow("holds no Keras layers model: it has no model class");
  });

  test("whose weights claim to be larger than such a file can be is not unpacked", async () => {
    const path = written(
      "model.keras",
      zip({ "config.json": "{}", "model.weights.h5": "x" }, { claimed: 2 ** 31 }),
    );
    await expect(open(path)).rejects.toThrow(
      "says that its weights are 2147483648 bytes, which is too large",
    );
  });

  test("without a configuration is called a zip file", async () => {
    await expect(open(written("a.zip", zip({ "picture.jpg": "x" })))).rejects.toThrow(
      "is a zip file without config.json",
    );
    await expect(open(written("a.pt", zip({ "a/data.pkl": "x" })))).rejects.toThrow(
      "is a pickled model (PyTorch)",
    );
  });
});

test("a file in another format is hashed as it is", () => {
  const model = writeModel({ layers: [input("picture")], weights: summing("sum") });
  expect(filesOfLayersModel(model)).toEqual(["model.json", "w.bin"]);
  const keras = written("model.keras", readFileSync(join(model, "model.json")));
  expect(filesOfLayersModel(keras)).toEqual(["model.keras"]);
});

test("a folder within the model's folder may hold the shards", async () => {
  const folder = writeModel({
    layers: [input("picture"), layer("Conv2D", "sum", "picture", oneByOne)],
    weights: summing("sum"),
  });
  mkdirSync(join(folder, "parts"));
  writeFileSync(join(folder, "parts/w.bin"), readFileSync(join(folder, "w.bin")));
  const json = readFileSync(join(folder, "model.json"), "utf8").replace('"w.bin"', '"./parts/w.bin"');
  writeFileSync(join(folder, "model.json"), json);
  expect(await valuesAt(folder)).toEqual([6, 0, 0, 0]);
});
