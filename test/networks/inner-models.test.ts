import { describe, expect, test } from "vitest";
import type { Json, JsonObject } from "../../engine/json.ts";
import { functional, input, layer, oneByOne, summing, valuesAt, writeModel } from "./model-files.ts";

function called(model: JsonObject, name: string, ...from: readonly [string, number][]): JsonObject {
  return {
    ...model,
    name,
    config: { ...(model.config as JsonObject), name },
    inbound_nodes: from.map(([taken, use]) => [[taken, use, 0, {}]]),
  };
}

const inner = (name: string): JsonObject =>
  functional(name, [
    input(`${name}_in`),
    layer("Conv2D", "sum", `${name}_in`, oneByOne),
    layer("ReLU", "bend", "sum"),
  ]);

describe("models within a model", () => {
  const one = (): string =>
    writeModel({
      layers: [
        input("picture"),
        called(inner("base"), "base", ["picture", 0]),
        layer("Flatten", "flat", "base"),
      ],
      weights: summing("sum"),
    });

  test("are cut at their layers by the layer's own name, by the path, or by the model's", async () => {
    for (const cut of ["sum", "bend", "base/sum", "base"])
      expect(await valuesAt(one(), cut)).toEqual([6, 0, 0, 0]);
  });

  test("are told apart by the path where two have a layer of one name", async () => {
    const folder = writeModel({
      layers: [
        input("picture"),
        called(inner("left"), "left", ["picture", 0]),
        called(inner("right"), "right", ["picture", 0]),
        layer("Add", "both", ["left", "right"]),
      ],
      weights: { ...summing("left/sum", 2), ...summing("right/sum", 3) },
    });
    expect(await valuesAt(folder, "left/sum")).toEqual([12, 0, 0, 0]);
    expect(await valuesAt(folder, "right/sum")).toEqual([18, 0, 0, 0]);
    expect(await valuesAt(folder, "both")).toEqual([30, 0, 0, 0]);
    await expect(valuesAt(folder, "sum")).rejects.toThrow(
      'the network has several layers "sum"; name one of left/sum, right/sum',
    );
    await expect(valuesAt(folder, "summ")).rejects.toThrow(
      'the network has no layer "summ"; did you mean "left/sum" or "right/sum"?',
    );
    await expect(valuesAt(folder, "lefd/bend")).rejects.toThrow('did you mean "left/bend"?');
  });

  test("give way to a layer whose own name has a slash", async () => {
    const folder = writeModel({
      layers: [
        input("picture"),
        called(inner("base"), "base", ["picture", 0]),
        layer("Rescaling", "base/sum", "base", { scale: 10 }),
      ],
      weights: summing("sum"),
    });
    expect(await valuesAt(folder, "base/sum")).toEqual([60, 0, 0, 0]);
  });

  test("count their making as the first use in files of Keras 2", async () => {
    const folder = writeModel({
      layers: [
        input("picture"),
        called(inner("base"), "base", ["picture", 0]),
        { ...layer("Flatten", "flat", "base"), inbound_nodes: [[["base", 1, 0, {}]]] },
      ],
      weights: summing("sum"),
    });
    expect(await valuesAt(folder, "flat")).toEqual([6, 0, 0, 0]);
  });

  describe("as Keras 3 writes them", () => {
    const tensor = (name: string, use = 0): JsonObject => ({
      class_name: "__keras_tensor__",
      config: { shape: [null, 2, 2, 3], dtype: "float32", keras_history: [name, use, 0] },
    });
    const call = (...args: readonly Json[]): JsonObject => ({
      args,
      kwargs: { mask: null, training: false },
    });
    const written = (model: JsonObject, ...calls: readonly JsonObject[]): JsonObject => ({
      ...model,
      inbound_nodes: calls,
    });
    const double = functional("double", [
      input("in"),
      written(layer("Rescaling", "times", "in", { scale: 2 }), call(tensor("in"))),
    ]);
    const network = (kwargs: JsonObject = {}): string => {
      const twice = written({ ...double, name: "double" }, call(tensor("picture")), {
        ...call(tensor("double")),
        kwargs,
      });
      const outer = functional("outer", [
        input("picture"),
        twice,
        written(layer("Add", "both", []), call([tensor("double", 0), tensor("double", 1)])),
      ]);
      // Of the first use alone, counted with the making.
      const config = {
        ...(outer.config as JsonObject),
        output_layers: [
          ["double", 1, 0],
          ["both", 0, 0],
        ],
      };
      return writeModel({
        layers: [
          input("top"),
          written({ ...outer, config, name: "outer" }, call(tensor("top"))),
          written(layer("Flatten", "flat", []), call(tensor("outer"))),
        ],
        version: "3.8.0",
      });
    };

    test("their making counts where outputs are listed, and nowhere else", async () => {
      expect((await valuesAt(network(), "flat")).slice(0, 3)).toEqual([2, 4, 6]);
      expect((await valuesAt(network(), "both")).slice(0, 3)).toEqual([6, 12, 18]);
    });

    test("what they are told by name is nothing, or refused", async () => {
      expect((await valuesAt(network({ mask: [null, null] }), "flat")).slice(0, 3)).toEqual([2, 4, 6]);
      await expect(valuesAt(network({ training: true }), "flat")).rejects.toThrow(
        "the model outer/double is called with training=true, which is not supported",
      );
      await expect(valuesAt(network({ mask: tensor("picture") }), "flat")).rejects.toThrow(
        "the model outer/double is called with mask, which is not supported",
      );
    });
  });

  test("may be sequential, without an input of their own", async () => {
    const sequential = {
      class_name: "Sequential",
      config: {
        name: "seq",
        layers: [
          { class_name: "Conv2D", config: { name: "sum", ...oneByOne } },
          { class_name: "Flatten", config: { name: "flat" } },
        ],
      },
    };
    const folder = writeModel({
      layers: [input("picture"), called(sequential, "seq", ["picture", 0])],
      weights: summing("sum"),
    });
    expect(await valuesAt(folder, "flat")).toEqual([6, 0, 0, 0]);
  });

  test("more than twenty deep are refused", async () => {
    let model = inner("base");
    for (let depth = 0; depth < 30; depth++) {
      model = functional(`m${depth}`, [input("in"), called(model, "inner", ["in", 0])]);
    }
    const folder = writeModel({ layers: [input("picture"), called(model, "outer", ["picture", 0])] });
    await expect(valuesAt(folder, "sum")).rejects.toThrow("models within models, more than 20 deep");
  });

  test("that use each other twice at every depth are refused", async () => {
    const twice = (model: JsonObject): JsonObject =>
      functional("m", [
        input("in"),
        called(model, "a", ["in", 0], ["a", 0]),
        { ...layer("ReLU", "end", "a"), inbound_nodes: [[["a", 1, 0, {}]]] },
      ]);
    let model = functional("bottom", [input("in"), layer("ReLU", "bend", "in")]);
    for (let depth = 0; depth < 18; depth++) model = twice(model);
    const folder = writeModel({ layers: [input("picture"), called(model, "outer", ["picture", 0])] });
    await expect(valuesAt(folder, "outer")).rejects.toThrow("it uses layers more than 50000 times");
  });
});

describe("a layer that is used twice", () => {
  const folder = (): string =>
    writeModel({
      layers: [
        input("picture"),
        layer("Conv2D", "sum", "picture", oneByOne),
        {
          ...layer("Rescaling", "twice", "sum", { scale: 2 }),
          inbound_nodes: [[["sum", 0, 0, {}]], [["twice", 0, 0, {}]]],
        },
        { ...layer("Flatten", "flat", "twice"), inbound_nodes: [[["twice", 1, 0, {}]]] },
      ],
      weights: summing("sum"),
    });

  test("gives what its second use makes of its first", async () => {
    expect(await valuesAt(folder(), "flat")).toEqual([24, 0, 0, 0]);
  });

  test("is cut at one of its uses", async () => {
    expect(await valuesAt(folder(), "twice:1")).toEqual([12, 0, 0, 0]);
    expect(await valuesAt(folder(), "twice:2")).toEqual([24, 0, 0, 0]);
    await expect(valuesAt(folder(), "twice")).rejects.toThrow("gives 2 values; name one of twice:1, twice:2");
    await expect(valuesAt(folder(), "twice:3")).rejects.toThrow(
      "gives 2 values; name one of twice:1, twice:2",
    );
  });
});
