import type { Builder } from "../graph/builder.ts";
import type { Value } from "../graph/graph.ts";
import { gelu as geluOf, readActivation, unary } from "./activations.ts";
import { defineLayer } from "./layer.ts";

/** Functions of keras.ops without settings, called on a tensor. */
export const functions = defineLayer({
  classes: [
    "Relu",
    "Relu6",
    "Selu",
    "Silu",
    "Sigmoid",
    "HardSigmoid",
    "HardSilu",
    "HardTanh",
    "Tanh",
    "Softplus",
    "Softsign",
    "Exp",
    "Negative",
    "Absolute",
    "Abs",
    "Sqrt",
    "Identity",
  ],
  settings(settings) {
    const name = names[settings.className] ?? settings.className.toLowerCase();
    if (name === "negative" || name === "absolute" || name === "sqrt") return { apply: unary(name) };
    const activation = readActivation(name, settings.dialect);
    if (typeof activation === "string") throw new Error(`${name} is no function`);
    return { apply: activation };
  },
  build: (builder: Builder, { settings, input }): Value => settings.apply(builder, input),
});

const names: Readonly<Record<string, string>> = {
  HardSigmoid: "hard_sigmoid",
  HardSilu: "hard_silu",
  HardTanh: "hard_tanh",
  Exp: "exponential",
  Abs: "absolute",
  Identity: "linear",
};

/** keras.ops.gelu, which takes the approximation unless it is told otherwise, and tf.nn.gelu, which does not. */
export const gelu = defineLayer({
  classes: ["Gelu"],
  settings: (settings) => ({ isApproximate: settings.flag("approximate", settings.dialect === "keras3") }),
  build: (builder, { settings, input }) => geluOf(settings.isApproximate)(builder, input),
});
