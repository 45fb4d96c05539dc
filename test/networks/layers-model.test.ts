import { mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { JsonObject } from "../../engine/json.ts";
import { openExtractor } from "../../steps/vision/extractor.ts";
import { openNetwork } from "../../steps/vision/networks/open.ts";
import { tinyModel } from "./tiny-model.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "flow-model-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

function model(
  weights: readonly JsonObject[],
  paths: readonly string[],
  layers: readonly JsonObject[] = [],
): JsonObject {
  return tinyModel({ size: [2, 2], paths, weights, layers });
}

function weight(name: string, shape: readonly number[], quantization?: JsonObject): JsonObject {
  return { name, shape, dtype: "float32", ...(quantization ? { quantization } : {}) };
}

function write(json: JsonObject, shards: Readonly<Record<string, Buffer>>): void {
  writeFileSync(join(folder, "model.json"), JSON.stringify(json));
  for (const [name, data] of Object.entries(shards)) writeFileSync(join(folder, name), data);
}

/** The two channels of one white pixel. */
async function white(path = folder): Promise<readonly number[]> {
  const network = await openNetwork({ path, weights: { kind: "own" } });
  const extractor = await openExtractor({
    network,
    layer: network.layer,
    pool: "none",
    size: [2, 2],
    scaling: "none",
  });
  const rows = new Float32Array(extractor.rowLength);
  await extractor.run(new Uint8Array(12).fill(255), 1, rows);
  await extractor.close();
  return [...rows.subarray(0, 2)];
}

const float32 = (values: readonly number[]): Buffer => Buffer.from(new Float32Array(values).buffer);

test("reads float32 weights that are spread over shards", async () => {
  const bytes = float32([1, 2, 1, 2, 1, 2, 0.5, -0.5]);
  write(model([weight("conv/kernel", [1, 1, 3, 2]), weight("conv/bias", [2])], ["a.bin", "b.bin"]), {
    "a.bin": bytes.subarray(0, 7),
    "b.bin": bytes.subarray(7),
  });
  expect(await white()).toEqual([765.5, 1529.5]);
  expect(await white(join(folder, "model.json"))).toEqual([765.5, 1529.5]);
});

test("reads weights quantized to uint8, uint16 and float16", async () => {
  const bias = float32([0, 0]);
  const kernel = (dtype: string): JsonObject =>
    weight("conv/kernel", [1, 1, 3, 2], dtype === "float16" ? { dtype } : { dtype, scale: 0.5, min: -1 });
  const manifest = (dtype: string): JsonObject => model([kernel(dtype), weight("conv/bias", [2])], ["w"]);
  // Each stands for 1 and 2: (value · 0.5) − 1, or halves of IEEE 754.
  write(manifest("uint8"), { w: Buffer.concat([Buffer.from([4, 6, 4, 6, 4, 6]), bias]) });
  expect(await white()).toEqual([765, 1530]);
  write(manifest("uint16"), {
    w: Buffer.concat([Buffer.from(new Uint16Array([4, 6, 4, 6, 4, 6]).buffer), bias]),
  });
  expect(await white()).toEqual([765, 1530]);
  const halves = new Uint16Array([0x3c00, 0x4000, 0x3c00, 0x4000, 0x3c00, 0x4000]);
  write(manifest("float16"), { w: Buffer.concat([Buffer.from(halves.buffer), bias]) });
  expect(await white()).toEqual([765, 1530]);
});

test("names every layer that is not supported, and those that are", async () => {
  const odd = (name: string, class_name: string): JsonObject => ({ class_name, config: { name } });
  write(
    model(
      [weight("conv/kernel", [1, 1, 3, 2]), weight("conv/bias", [2])],
      ["w"],
      [odd("attend", "MultiHeadAttention"), odd("draw", "Lambda")],
    ),
    {
      w: float32([1, 2, 1, 2, 1, 2, 0, 0]),
    },
  );
  await expect(white()).rejects.toThrow(
    /not supported: attend \(MultiHeadAttention\), draw \(Lambda\)\. Supported: InputLayer, Conv2D, /,
  );
});

test("reads no shard whose name leads out of the model's folder", async () => {
  const weights = [weight("conv/kernel", [1, 1, 3, 2]), weight("conv/bias", [2])];
  const outside = mkdtempSync(join(tmpdir(), "flow-outside-"));
  writeFileSync(join(outside, "w"), float32([1, 2, 1, 2, 1, 2, 0, 0]));
  try {
    mkdirSync(join(folder, "inner"));
    for (const path of [`../${basename(outside)}/w`, join(outside, "w"), "inner/../../w"]) {
      write(model(weights, [path]), {});
      await expect(white(), path).rejects.toThrow("lies outside the model's folder");
    }
  } finally {
    rmSync(outside, { recursive: true });
  }
});

test("follows links to the files of a cache that names them by their content", async () => {
  const blobs = mkdtempSync(join(tmpdir(), "flow-blobs-"));
  try {
    write(model([weight("conv/kernel", [1, 1, 3, 2]), weight("conv/bias", [2])], ["w"]), {});
    renameSync(join(folder, "model.json"), join(blobs, "8f3a"));
    writeFileSync(join(blobs, "07bc"), float32([1, 2, 1, 2, 1, 2, 0, 0]));
    symlinkSync(join(blobs, "8f3a"), join(folder, "model.json"));
    symlinkSync(join(blobs, "07bc"), join(folder, "w"));
    expect(await white()).toEqual([765, 1530]);
  } finally {
    rmSync(blobs, { recursive: true });
  }
});

test("says what is wrong with a damaged model", async () => {
  const weights = [weight("conv/kernel", [1, 1, 3, 2]), weight("conv/bias", [2])];
  await expect(white()).rejects.toThrow(/model\.json is missing/);
  write(model(weights, ["w"]), {});
  await expect(white()).rejects.toThrow(/w is missing: .*model\.json names it as a shard/);
  write(model(weights, ["w"]), { w: Buffer.alloc(10) });
  await expect(white()).rejects.toThrow(/the shards end before weight conv\/kernel/);
  write(model(weights, ["w"]), { w: Buffer.alloc(40) });
  await expect(white()).rejects.toThrow(/the weights need 32 bytes, the shards have 40/);
  write(model([weight("conv/kernel", [1, 1, 3, 2])], ["w"]), { w: Buffer.alloc(24) });
  await expect(white()).rejects.toThrow(/layer conv has no bias among the weights/);
  writeFileSync(join(folder, "model.json"), "{ not json");
  await expect(white()).rejects.toThrow(/is no JSON/);
});

test("says which layer is nearest where the cut is none, else which there are", async () => {
  write(model([weight("conv/kernel", [1, 1, 3, 2]), weight("conv/bias", [2])], ["w"]), {
    w: float32([1, 2, 1, 2, 1, 2, 0, 0]),
  });
  const network = await openNetwork({ path: folder, weights: { kind: "own" } });
  const cut = (layer: string | readonly string[]) =>
    openExtractor({ network, layer, pool: "none", size: [2, 2], scaling: "none" });
  await expect(cut("conf")).rejects.toThrow('the network has no layer "conf"; did you mean "conv"?');
  await expect(cut("block5_pool")).rejects.toThrow(
    'the network has no layer "block5_pool"; its layers are input, conv',
  );
  await expect(cut(["conf", "conv", "inputs", "conv:1"])).rejects.toThrow(
    /"conf"; did you mean "conv"\?\n.*"inputs"; did you mean "input"\?\n"conv" and "conv:1" are one layer: name it once$/,
  );
});
