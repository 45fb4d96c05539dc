import { join } from "node:path";
import h5wasm from "h5wasm/node";
import { beforeAll, describe, expect, test } from "vitest";
import { type KerasNetwork, openNetwork } from "../../steps/vision/networks/open.ts";
import { layersOfMobilenet, type Written, writeH5 } from "./h5-weights.ts";
import { compute, input, layer, newFolder, oneByOne, writeModel } from "./model-files.ts";

beforeAll(() => h5wasm.ready);

describe("weights of a network that flow knows by name", () => {
  const own = layersOfMobilenet();

  /** The numbers that fill the weights of each layer. */
  async function found(layers: readonly Written[]): Promise<ReadonlyMap<string, readonly number[]>> {
    const network = await openNetwork({
      named: "mobilenet",
      weights: { kind: "h5", path: writeH5(join(newFolder(), "w.h5"), layers) },
    });
    const { weights } = network as KerasNetwork;
    return new Map(
      [...weights].map(([path, roles]) => [path, Object.values(roles).map(({ data }) => data[0] as number)]),
    );
  }
  const called = (name: string, { weights, ...written }: Written): Written => ({
    ...written,
    name,
    weights: weights.map((_, at) => `${name}_W${at}_1:0`),
  });
  const expected = new Map(own.map(({ name, weights, value }) => [name, weights.map(() => value)]));

  test("are found by their names", async () => {
    expect(await found(own)).toEqual(expected);
  });

  test("are found by order where Keras numbered the layers, and called weights otherwise", async () => {
    const numbered = own.map((written, at) => {
      if (/_dw_\d+$/.test(written.name)) return written;
      return called(
        written.weights.length === 4 ? `batchnormalization_${at}` : `convolution2d_${at}`,
        written,
      );
    });
    expect(await found(numbered)).toEqual(expected);
  });

  test("are found by order under the names of another time, also with a classifier on top", async () => {
    const renamed = own.map((written, at) => called(`mobl${at}`, written));
    const weights = ["top/kernel:0", "top/bias:0"];
    for (const kernel of [
      [1024, 10],
      [1, 1, 1024, 10],
    ]) {
      const top: Written = { name: "top", weights, shapes: [kernel, [10]], value: 99 };
      expect(await found([...renamed, top])).toEqual(expected);
    }
  });

  test("go by name where a name says that it is another layer, whatever the order", async () => {
    const [first, second] = ["conv1_bn", "conv_dw_1_bn"].map((name) =>
      own.findIndex((written) => written.name === name),
    ) as [number, number];
    const swapped = [...own];
    [swapped[first], swapped[second]] = [own[second] as Written, own[first] as Written];
    expect(await found(swapped)).toEqual(expected);
    // Under strange names for the others neither names nor order tell.
    const strange = swapped.map((written, at) =>
      at === first || at === second ? written : called(`mobl${at}`, written),
    );
    await expect(found(strange)).rejects.toThrow(
      "it belongs to another network (conv_dw_1_bn stands where the network has conv1_bn)",
    );
  });

  test("are refused where a shape or the number of layers is another, in words that say where", async () => {
    const strange = own.map((written, at) => called(`mobl${at}`, written));
    const wider = strange.map((written, at) =>
      at === 2 ? { ...written, shapes: [[3, 3, 32, 2]] } : written,
    );
    await expect(found(wider)).rejects.toThrow(
      "(mobl2, for the layer conv_dw_1, has a depthwise_kernel of 3 × 3 × 32 × 2, not 3 × 3 × 32 × 1)",
    );
    await expect(found([...strange, called("more", own[0] as Written)])).rejects.toThrow(
      "(it has weights for 55 layers, and the network for 54)",
    );
    await expect(found(strange.slice(1))).rejects.toThrow("for 53 layers, and the network for 54");
  });
});

describe("weights of a network from a file", () => {
  const kernel = (name: string, value: number): Written => {
    return { name, weights: [`${name}/kernel:0`], shapes: [[1, 1, 3, 1]], value };
  };
  const network = (names: readonly [string, string]): string =>
    writeModel({
      layers: [
        input("picture"),
        ...names.map((name) => layer("Conv2D", name, "picture", oneByOne)),
        layer("Subtract", "both", names),
      ],
    });
  const both = async (names: readonly [string, string], layers: readonly Written[]): Promise<unknown> => {
    const weights = { kind: "h5", path: writeH5(join(newFolder(), "w.h5"), layers) } as const;
    const opened = await openNetwork({ path: network(names), weights });
    const pixels = Uint8Array.of(1, 2, 3, ...new Uint8Array(9));
    return (await compute({ network: opened, size: [2, 2], pixels }))[0];
  };

  test("are found by order where Keras numbered the layers on both sides", async () => {
    const numbered = [kernel("conv2d_7", 5), kernel("conv2d_8", 2)];
    expect(await both(["conv2d", "conv2d_1"], numbered)).toBe(18);
  });

  test("are refused where names that people gave differ", async () => {
    await expect(both(["one", "two"], [kernel("one", 5), kernel("three", 2)])).rejects.toThrow(
      "weights for a layer that the network does not have: three; it belongs to another network",
    );
    await expect(both(["conv2d", "two"], [kernel("conv2d_3", 5), kernel("conv2d_4", 2)])).rejects.toThrow(
      "it belongs to another network",
    );
  });
});
