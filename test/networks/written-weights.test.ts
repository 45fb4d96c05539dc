import { writeFileSync } from "node:fs";
import { join } from "node:path";
import h5wasm, { File } from "h5wasm/node";
import { beforeAll, describe, expect, test } from "vitest";
import { openNetwork } from "../../steps/vision/networks/open.ts";
import { input, layer, newFolder, oneByOne, summing, valuesAt, writeModel } from "./model-files.ts";

beforeAll(() => h5wasm.ready);

describe("weights are matched by the topology's own names", () => {
  test("which may have slashes", async () => {
    const folder = writeModel({
      layers: [
        input("picture"),
        layer("Conv2D", "conv1/conv", "picture", oneByOne),
        layer("Conv2D", "conv2/conv", "picture", oneByOne),
        layer("Add", "both", ["conv1/conv", "conv2/conv"]),
      ],
      weights: { ...summing("conv1/conv", 2), ...summing("conv2/conv", 3) },
    });
    expect(await valuesAt(folder, "conv1/conv")).toEqual([12, 0, 0, 0]);
    expect(await valuesAt(folder, "both")).toEqual([30, 0, 0, 0]);
  });

  test("of which the longest that fits counts", async () => {
    const folder = writeModel({
      layers: [
        input("picture"),
        layer("Conv2D", "conv", "picture", oneByOne),
        layer("Conv2D", "block/conv", "picture", oneByOne),
        layer("Subtract", "both", ["conv", "block/conv"]),
      ],
      weights: { ...summing("block/conv", 1), ...summing("conv", 5) },
    });
    expect(await valuesAt(folder, "both")).toEqual([24, 0, 0, 0]);
  });
});

describe("weights of another network are refused", () => {
  const layers = [
    input("picture"),
    layer("Conv2D", "one", "picture", oneByOne),
    layer("Conv2D", "two", "one", { ...oneByOne, use_bias: true }),
  ];

  test("all layers that the network lacks are named", async () => {
    const folder = writeModel({
      layers,
      weights: {
        ...summing("one"),
        "two/kernel": { shape: [1, 1, 1, 1], values: [1] },
        "two/bias": { shape: [1], values: [0] },
        ...summing("three"),
        ...summing("four"),
      },
    });
    await expect(valuesAt(folder, "two")).rejects.toThrow(
      "has weights for 2 layers that the network does not have: three, four; it belongs to another network",
    );
  });

  test("all weights that the file lacks are named, and those of another shape", async () => {
    const folder = writeModel({
      layers,
      weights: { "one/kernel": { shape: [1, 1, 3, 2], values: [1, 1, 1, 1, 1, 1] } },
    });
    await expect(valuesAt(folder, "two")).rejects.toThrow(
      "the kernel of layer one is 1 × 1 × 3 × 2; the network needs 1 × 1 × 3 × 1\n" +
        "layer two has no kernel among the weights\nlayer two has no bias among the weights",
    );
  });

  test("a weight that a layer has no use for is named", async () => {
    const folder = writeModel({
      layers: layers.slice(0, 2),
      weights: { ...summing("one"), "one/bias": { shape: [1], values: [1] } },
    });
    await expect(valuesAt(folder, "one")).rejects.toThrow(
      "layer one has no bias, but the weights have one for it",
    );
  });

  test("a classifier on top may be left over", async () => {
    const folder = writeModel({
      layers: layers.slice(0, 2),
      weights: {
        ...summing("one"),
        "classes/kernel": { shape: [1, 2], values: [1, 2] },
        "classes/bias": { shape: [2], values: [0, 0] },
      },
    });
    expect(await valuesAt(folder, "one")).toEqual([6, 0, 0, 0]);
  });
});

test.each([Number.NaN, Number.POSITIVE_INFINITY])(
  "a weight of %d is refused, and its layer is named",
  async (value) => {
    const folder = writeModel({
      layers: [
        input("picture"),
        layer("Conv2D", "one", "picture", oneByOne),
        layer("Conv2D", "two", "one", oneByOne),
      ],
      weights: { ...summing("one"), "two/kernel": { shape: [1, 1, 1, 1], values: [value] } },
    });
    await expect(valuesAt(folder, "two")).rejects.toThrow(
      "the kernel of layer two holds values that are not finite",
    );
    expect(await valuesAt(folder, "one")).toEqual([6, 0, 0, 0]);
  },
);

describe("an .h5 file", () => {
  function twoLayers(): string {
    return writeModel({
      layers: [
        input("picture"),
        layer("Conv2D", "one", "picture", oneByOne),
        layer("Conv2D", "two", "picture", oneByOne),
        layer("Add", "both", ["one", "two"]),
      ],
    });
  }

  async function both(h5: string): Promise<readonly number[]> {
    const network = await openNetwork({ path: twoLayers(), weights: { kind: "h5", path: h5 } });
    const { compute } = await import("./model-files.ts");
    const pixels = new Uint8Array(12);
    pixels.set([1, 2, 3]);
    return [...(await compute({ network, size: [2, 2], pixels }))];
  }

  test("by names: the group says the layer, whatever a variable is called", async () => {
    const path = join(newFolder(), "w.h5");
    const file = new File(path, "w");
    file.create_attribute("layer_names", ["one", "two"]);
    for (const [name, value] of [
      ["one", 2],
      ["two", 3],
    ] as const) {
      const group = file.create_group(name);
      group.create_attribute("weight_names", [`${name}_7/kernel:0`]);
      group.create_group(`${name}_7`);
      const data = new Float32Array(3).fill(value);
      file.create_dataset({ name: `${name}/${name}_7/kernel:0`, data, shape: [1, 1, 3, 1] });
    }
    file.close();
    expect(await both(path)).toEqual([30, 0, 0, 0]);
  });

  function numbered(places: Readonly<Record<string, number>>, dtype: "<f" | "<d" = "<f"): string {
    const path = join(newFolder(), "w.weights.h5");
    const file = new File(path, "w");
    const layers = file.create_group("layers");
    for (const [place, value] of Object.entries(places)) {
      layers.create_group(place).create_group("vars");
      const data = dtype === "<f" ? new Float32Array(3).fill(value) : new Float64Array(3).fill(value);
      file.create_dataset({ name: `layers/${place}/vars/0`, data, shape: [1, 1, 3, 1], dtype });
    }
    file.close();
    return path;
  }

  test("by numbers, as Keras 3 saves weights: the class and the order say the layer", async () => {
    expect(await both(numbered({ conv2d: 2, conv2d_1: 3 }))).toEqual([30, 0, 0, 0]);
    expect(await both(numbered({ conv2d: 2, conv2d_1: 3 }, "<d"))).toEqual([30, 0, 0, 0]);
  });

  test("by numbers, of another network, is refused", async () => {
    await expect(both(numbered({ conv2d: 2, conv2d_1: 3, conv2d_2: 4 }))).rejects.toThrow(
      "has weights for a layer that the network does not have: conv2d_2",
    );
    await expect(both(numbered({ conv2d: 2 }))).rejects.toThrow("layer two has no kernel among the weights");
  });

  test("that is cut short is called that, in words of ours", async () => {
    const path = numbered({ conv2d: 2, conv2d_1: 3 });
    const { readFileSync } = await import("node:fs");
    const bytes = readFileSync(path);
    for (const length of [bytes.length - 8, 700, 100, 9]) {
      writeFileSync(path, bytes.subarray(0, length));
      await expect(both(path), `${length} bytes`).rejects.toThrow(
        /w\.weights\.h5 (is damaged|is no HDF5 file|holds no)/,
      );
    }
  });

  test("that claims a size which nobody has memory for is refused", async () => {
    const path = join(newFolder(), "w.weights.h5");
    const file = new File(path, "w");
    file.create_group("layers").create_group("conv2d").create_group("vars");
    const data = new Float32Array(4);
    file.create_dataset({
      name: "layers/conv2d/vars/0",
      data,
      shape: [4],
      maxshape: [null],
      chunks: [4],
    });
    (file.get("layers/conv2d/vars/0") as { resize(shape: number[]): void }).resize([2 ** 40]);
    file.close();
    await expect(both(path)).rejects.toThrow("is 1099511627776, which is too large");
  });
});
