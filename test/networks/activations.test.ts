import { expect, test } from "vitest";
import { input, layer, oneByOne, summing, valuesAt, writeModel } from "./model-files.ts";

/** Of −0.8, 0.7, 8 and 2. */
async function valuesOf(activation: string, version: string): Promise<readonly number[]> {
  const at = async (scale: number, offset: number): Promise<readonly number[]> => {
    const folder = writeModel({
      layers: [
        input("picture"),
        layer("Conv2D", "sum", "picture", oneByOne),
        layer("Rescaling", "moved", "sum", { scale, offset }),
        layer("Activation", "act", "moved", { activation }),
      ],
      weights: summing("sum"),
      version,
    });
    return (await valuesAt(folder, "act")).slice(0, 2);
  };
  return [...(await at(-0.25, 0.7)), ...(await at(1, 2))];
}

// keras.activations.get(name)([-0.8, 0.7, 8, 2]) of Keras 3.15
test.each<[string, readonly number[]]>([
  ["linear", [-0.8, 0.7, 8.0, 2.0]],
  ["relu", [0.0, 0.7, 8.0, 2.0]],
  ["relu6", [0.0, 0.7, 6.0, 2.0]],
  ["leaky_relu", [-0.16, 0.7, 8.0, 2.0]],
  ["elu", [-0.550671, 0.7, 8.0, 2.0]],
  ["selu", [-0.968134, 0.735491, 8.405608, 2.101402]],
  ["gelu", [-0.169484, 0.530625, 8.0, 1.9545]],
  ["silu", [-0.24802, 0.467731, 7.997317, 1.761594]],
  ["swish", [-0.24802, 0.467731, 7.997317, 1.761594]],
  ["mish", [-0.283963, 0.561148, 8.0, 1.943959]],
  ["sigmoid", [0.310026, 0.668188, 0.999665, 0.880797]],
  ["hard_sigmoid", [0.366667, 0.616667, 1.0, 0.833333]],
  ["hard_silu", [-0.293333, 0.431667, 8.0, 1.666667]],
  ["hard_swish", [-0.293333, 0.431667, 8.0, 1.666667]],
  ["hard_tanh", [-0.8, 0.7, 1.0, 1.0]],
  ["tanh", [-0.664037, 0.604368, 1.0, 0.964028]],
  ["softplus", [0.371101, 1.103186, 8.000336, 2.126928]],
  ["softsign", [-0.444444, 0.411765, 0.888889, 0.666667]],
  ["exponential", [0.449329, 2.013753, 2980.958008, 7.389056]],
])("%s", async (name, expected) => {
  for (const [at, value] of (await valuesOf(name, "3.15.1")).entries()) {
    expect(Math.abs(value - (expected[at] as number))).toBeLessThan(1e-6 * Math.max(1, value));
  }
});

test("hard_sigmoid is steeper in Keras 2", async () => {
  const values = await valuesOf("hard_sigmoid", "2.15.0");
  for (const [at, value] of [0.34, 0.64, 1, 0.9].entries()) expect(values[at]).toBeCloseTo(value, 6);
});
