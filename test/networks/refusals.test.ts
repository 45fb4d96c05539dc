import { describe, expect, test } from "vitest";
import type { Json, JsonObject } from "../../engine/json.ts";
import { openNetwork } from "../../steps/vision/networks/open.ts";
import type { Scaling } from "../../steps/vision/preprocessing.ts";
import { compute, input, layer, oneByOne, summing, valuesAt, writeModel } from "./model-files.ts";

function sum(...above: readonly JsonObject[]): string {
  return writeModel({
    layers: [input("picture"), layer("Conv2D", "sum", "picture", oneByOne), ...above],
    weights: summing("sum"),
  });
}

describe("a setting is understood or refused", () => {
  test("all that is not understood is named at once, with layer and setting", async () => {
    const folder = sum(
      layer("MaxPooling2D", "pool", "sum", { pool_size: [1, 1], padding: "reflect" }),
      layer("ReLU", "bend", "pool", { max_value: "six", shape_of_things: 1 }),
      layer("Activation", "odd", "bend", { activation: "wave" }),
      layer("BatchNormalization", "norm", "odd", { renorm: true }),
    );
    await expect(valuesAt(folder, "norm")).rejects.toThrow(
      /layer pool \(MaxPooling2D\): padding "reflect" is not supported; valid and same are\n.*layer bend \(ReLU\): max_value "six" is no number\n.*layer bend \(ReLU\): shape_of_things 1 is not understood\n.*layer odd \(Activation\): activation "wave" is not supported; these are: linear, relu.*\n.*layer norm \(BatchNormalization\): renorm true is not supported/,
    );
  });

  test.each<[string, Json]>([
    ["a number", 0.5],
    ["a list of one", [0.5]],
    ["an array of NumPy's", { class_name: "__numpy__", config: { value: 0.5, dtype: "float32" } }],
    ["an array of NumPy's as Keras 2 has it", { type: "ndarray", value: [0.5] }],
  ])("a slope may be %s", async (_, slope) => {
    const folder = sum(
      layer("Rescaling", "down", "sum", { scale: -1 }),
      layer("LeakyReLU", "leaky", "down", { alpha: slope }),
    );
    expect((await valuesAt(folder, "leaky"))[0]).toBe(-3);
  });

  describe("an activation may be a layer of Keras' that is told numbers", () => {
    const activation = (given: JsonObject): Promise<readonly number[]> =>
      valuesAt(sum(layer("Activation", "act", "sum", { activation: given })), "act", [1, 2, 250]);

    test.each<[string, JsonObject, number]>([
      ["ReLU", { max_value: 6 }, 6],
      ["ReLU", { threshold: 254, negative_slope: [0.5], max_value: null }, -0.5],
      ["LeakyReLU", { alpha: { class_name: "__numpy__", config: { value: 0.5, dtype: "float32" } } }, 253],
      ["Softmax", { axis: -1 }, 1],
    ])("%s %j", async (className, config, expected) => {
      const given = { class_name: className, module: "keras.layers", config: { name: "a", ...config } };
      expect((await activation(given))[0]).toBe(expected);
    });

    test.each<[string, JsonObject]>([
      ["a setting that it does not have", { class_name: "ReLU", config: { alpha: 1 } }],
      ["no number", { class_name: "LeakyReLU", config: { alpha: "a tenth" } }],
    ])("but not with %s", async (_, given) => {
      await expect(activation(given)).rejects.toThrow("is a layer that is not supported as an activation");
    });

    test.each<[string, JsonObject]>([
      ["class", { class_name: "ReLU", module: "lab", registered_name: "ReLU", config: {} }],
      ["name", { class_name: "ReLU", module: "keras", registered_name: "lab>ReLU", config: {} }],
      [
        "function",
        { class_name: "function", module: "builtins", registered_name: "lab>relu", config: "relu" },
      ],
    ])("but not somebody's own %s", async (_, given) => {
      await expect(activation(given)).rejects.toThrow("is somebody's own, which is not supported");
    });
  });

  test("a quantized layer is refused", async () => {
    const dtype = { class_name: "QuantizedDTypePolicy", config: { mode: "int8", source_name: "float32" } };
    await expect(valuesAt(sum(layer("ReLU", "small", "sum", { dtype })), "small")).rejects.toThrow(
      /layer small \(ReLU\): dtype .* is not supported/,
    );
  });

  test("values are joined along one axis", async () => {
    const joined = layer("Concatenate", "join", ["sum", "sum"], { axis: [1, 2] });
    await expect(valuesAt(sum(joined), "join")).rejects.toThrow("axis [1,2] is no axis");
  });

  test("channels first are refused", async () => {
    const folder = sum(layer("MaxPooling2D", "pool", "sum", { data_format: "channels_first" }));
    await expect(valuesAt(folder, "pool")).rejects.toThrow(
      'layer pool (MaxPooling2D): data_format "channels_first" has its channels first; only channels last is supported',
    );
  });

  test("what lies above the cut may be anything", async () => {
    expect(await valuesAt(sum(layer("Lambda", "later", "sum")), "sum")).toEqual([6, 0, 0, 0]);
  });

  test("a class of somebody's own is refused, though it is called like one of Keras'", async () => {
    const own = { ...layer("ReLU", "mine", "sum"), registered_name: "lab>ReLU", module: "lab.layers" };
    await expect(valuesAt(sum(own), "mine")).rejects.toThrow("not supported: mine (lab>ReLU)");
  });
});

describe("an argument is understood or refused", () => {
  const call = (args: readonly Json[], kwargs: JsonObject = {}): JsonObject => ({ args, kwargs });
  const tensor = (name: string): JsonObject => ({
    class_name: "__keras_tensor__",
    config: { shape: [null, 2, 2, 1], dtype: "float32", keras_history: [name, 0, 0] },
  });
  const operation = (className: string, ...calls: readonly JsonObject[]): JsonObject => ({
    class_name: className,
    module: "keras.src.ops.numpy",
    name: "result",
    config: { name: "result" },
    inbound_nodes: calls,
  });

  test.each<[string, readonly Json[], readonly number[]]>([
    ["Add", [tensor("sum"), 3], [9, 3, 3, 3]],
    ["Subtract", [1, tensor("sum")], [-5, 1, 1, 1]],
    ["TrueDivide", [tensor("sum"), 4], [1.5, 0, 0, 0]],
    [
      "Multiply",
      [tensor("sum"), { class_name: "__numpy__", config: { value: [[[2], [1]]] } }],
      [12, 0, 0, 0],
    ],
    ["Maximum", [tensor("sum"), 1], [6, 1, 1, 1]],
    ["Add", [tensor("sum"), { class_name: "__numpy__", config: { value: [[[[2]]]] } }], [8, 2, 2, 2]],
  ])("%s keeps its constant", async (className, args, expected) => {
    expect(await valuesAt(sum(operation(className, call(args))), "result")).toEqual(expected);
  });

  test("a constant for another image each is refused", async () => {
    const value = [[[[2]]], [[[3]]]];
    const add = operation("Add", call([tensor("sum"), { class_name: "__numpy__", config: { value } }]));
    await expect(valuesAt(sum(add), "result")).rejects.toThrow(
      "layer result (Add): it has a constant with more axes than the value that it meets",
    );
  });

  test("TensorFlow's gelu is exact unless it is told otherwise, and Keras' own is not", async () => {
    const above = (given: JsonObject): JsonObject => ({
      class_name: "TFOpLambda",
      name: "bent",
      config: { name: "bent", function: "nn.gelu" },
      inbound_nodes: [["small", 0, 0, given]],
    });
    const small = layer("Rescaling", "small", "sum", { scale: 0.25 });
    const gelu = async (given: JsonObject) => (await valuesAt(sum(small, above(given)), "bent"))[0];
    expect(await gelu({})).toBeCloseTo(1.3997892, 6);
    expect(await gelu({ approximate: true })).toBeCloseTo(1.3995717, 6);
  });

  test("Keras 2 writes a constant beside its tensor", async () => {
    const plus = {
      class_name: "TFOpLambda",
      name: "plus",
      config: { name: "plus", function: "__operators__.add" },
      inbound_nodes: [["sum", 0, 0, { y: 3, name: null }]],
    };
    const minus = {
      class_name: "TFOpLambda",
      name: "minus",
      config: { name: "minus", function: "math.subtract" },
      inbound_nodes: [["_CONSTANT_VALUE", -1, 1, { y: ["plus", 0, 0], name: null }]],
    };
    expect(await valuesAt(sum(plus, minus), "minus")).toEqual([-8, -2, -2, -2]);
  });

  test("a function that is not known is named as TensorFlow names it", async () => {
    const odd = {
      class_name: "TFOpLambda",
      name: "odd",
      config: { name: "odd", function: "math.cumsum" },
      inbound_nodes: [["sum", 0, 0, { axis: 1 }]],
    };
    await expect(valuesAt(sum(odd), "odd")).rejects.toThrow("not supported: odd (tf.math.cumsum)");
  });

  test("training mode is refused where it changes something, and where it does not, is not there", async () => {
    const dropout = (training: boolean): string =>
      sum({
        class_name: "Dropout",
        name: "drop",
        config: { name: "drop", rate: 0.5 },
        inbound_nodes: [call([tensor("sum")], { training, mask: null })],
      });
    expect(await valuesAt(dropout(false), "drop")).toEqual([6, 0, 0, 0]);
    await expect(valuesAt(dropout(true), "drop")).rejects.toThrow("argument training is not understood");
  });

  test("a second argument of a layer that takes one is refused", async () => {
    const masked = {
      class_name: "ReLU",
      name: "relu",
      config: { name: "relu" },
      inbound_nodes: [call([tensor("sum"), 3])],
    };
    await expect(valuesAt(sum(masked), "relu")).rejects.toThrow("it takes values, and is given a constant");
  });
});

describe("a network takes one picture", () => {
  const two = (): string =>
    writeModel({
      layers: [
        input("left"),
        input("right"),
        layer("Conv2D", "sum", "left", oneByOne),
        layer("Conv2D", "other", "right", oneByOne),
        layer("Add", "both", ["sum", "other"]),
      ],
      weights: { ...summing("sum"), ...summing("other", 2) },
    });

  test("with two inputs it is refused, and both are named", async () => {
    await expect(valuesAt(two(), "both")).rejects.toThrow("the network takes 2 inputs (left, right)");
  });

  test("a layer that depends on one of them can be had", async () => {
    expect(await valuesAt(two(), "other")).toEqual([12, 0, 0, 0]);
  });
});

test("a network that takes whole numbers takes pixels as they are", async () => {
  const first = (more: JsonObject): JsonObject => {
    const { config, ...rest } = input("picture");
    return { ...rest, config: { ...(config as JsonObject), ...more } };
  };
  const at = async (more: JsonObject, scaling: Scaling): Promise<number | undefined> => {
    const layers = [first(more), layer("Conv2D", "sum", "picture", oneByOne)];
    const network = await openNetwork({
      path: writeModel({ layers, weights: summing("sum") }),
      weights: { kind: "own" },
    });
    return (
      await compute({ network, layer: "sum", size: [2, 2], pixels: new Uint8Array(12).fill(1), scaling })
    )[0];
  };
  expect(await at({ dtype: "uint8", sparse: false }, "none")).toBe(3);
  await expect(at({ dtype: "uint8" }, "tf")).rejects.toThrow(
    'takes whole numbers (uint8), which scaled pixels are not: use "scaling: none"',
  );
  await expect(at({ ragged: true }, "none")).rejects.toThrow("its input picture is sparse or ragged");
});

test("what does not fit is said of the layer where it does not", async () => {
  const folder = sum(
    layer("Flatten", "flat", "sum"),
    layer("Reshape", "three", "flat", { target_shape: [3, -1] }),
  );
  await expect(valuesAt(folder, "three")).rejects.toThrow(
    "layer three (Reshape): 4 values cannot become [3,-1]",
  );
  await expect(valuesAt(sum(layer("MaxPooling2D", "pool", "sum", { pool_size: 3 })), "pool")).rejects.toThrow(
    "layer pool (MaxPooling2D): an image of 2 × 2 is too small for it",
  );
  const huge = (more: JsonObject): string =>
    sum(layer("UpSampling2D", "huge", "sum", { size: 1e6, ...more }));
  await expect(valuesAt(huge({}), "huge")).rejects.toThrow(
    "it gives 2000000 × 2000000 × 1 values for one image, which is too many",
  );
  await expect(valuesAt(huge({ interpolation: "bilinear" }), "huge")).rejects.toThrow(
    "it makes 2 pixels 1000000 times as many",
  );
});
