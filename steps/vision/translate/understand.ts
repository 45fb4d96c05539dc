import type { Json, JsonObject } from "../../../engine/json.ts";
import { StepError } from "../../../engine/step-type.ts";
import { isForeign } from "../layers/foreign.ts";
import { layerKinds } from "../layers/index.ts";
import type { AnyLayerKind } from "../layers/layer.ts";
import { readSettings } from "../layers/settings.ts";
import { tensorFlowFunctions } from "../layers/tensorflow-functions.ts";
import type { Argument, Call, Dialect } from "../networks/topology.ts";
import { INPUT } from "../networks/topology.ts";

/** A use of a layer of which every setting and argument is understood. */
export interface UnderstoodCall {
  readonly call: Call;
  readonly kind: AnyLayerKind;
  readonly settings: unknown;
  readonly operands: readonly UnderstoodOperand[];
}

export type UnderstoodOperand = Argument & { readonly kind: "value" | "constant" };

/** @throws StepError naming all that is not supported or not understood. */
export function understand(calls: readonly Call[], dialect: Dialect): ReadonlyMap<Call, UnderstoodCall> {
  const understood = new Map<Call, UnderstoodCall>();
  const unknown: Call[] = [];
  const mistakes = new Set<string>();
  for (const call of calls) {
    if (call.layer.className === INPUT) continue;
    const one = understandCall(call, dialect);
    if (one === undefined) {
      unknown.push(call);
      continue;
    }
    for (const mistake of one.mistakes) {
      mistakes.add(`layer ${call.layer.path} (${call.layer.className}): ${mistake}`);
    }
    understood.set(call, one.use);
  }
  refuse(unknown, [...mistakes]);
  return understood;
}

/** A use of a layer with all that is not understood of it; nothing where its kind is not supported. */
export function understandCall(
  call: Call,
  dialect: Dialect,
): { readonly use: UnderstoodCall; readonly mistakes: readonly string[] } | undefined {
  const { className, config, isFunction } = asKeras3(call);
  const kind = isForeign(call.layer.module) ? undefined : layerKinds.get(className);
  if (kind === undefined) return undefined;
  const { settings, mistakes } = readSettings({ className, dialect, isFunction, config });
  const read = kind.settings(settings);
  const { operands, wrong } = operandsOf(call, kind, isFunction);
  return { use: { call, kind, settings: read, operands }, mistakes: [...mistakes(), ...wrong] };
}

function refuse(unknown: readonly Call[], mistakes: readonly string[]): void {
  const lines: string[] = [];
  if (unknown.length > 0) {
    const named = [...new Set(unknown.map(({ layer }) => `${layer.path} (${classOf(layer)})`))].join(", ");
    const supported = [INPUT, ...layerKinds.keys()].join(", ");
    lines.push(`the network has layers that are not supported: ${named}. Supported: ${supported}`);
  }
  if (mistakes.length > 0) {
    lines.push(
      `the network has settings that are not supported:`,
      ...mistakes.map((mistake) => `  ${mistake}`),
    );
  }
  if (lines.length > 0) throw new StepError(lines.join("\n"));
}

function classOf({ className, module, config }: Call["layer"]): string {
  if (className === "TFOpLambda" && typeof config.function === "string") return `tf.${config.function}`;
  return module.includes(">") ? module : className;
}

interface Written {
  readonly className: string;
  readonly config: JsonObject;
  readonly isFunction: boolean;
}

/** A function of TensorFlow's that was called on a tensor is written in a form of its own; its arguments are settings too. */
function asKeras3({ layer: { className, module, config }, args, named }: Call): Written {
  if (className !== "TFOpLambda") {
    // An .h5 file does not say where the class comes from; layers take one value or one list.
    const isFunction = /\.ops\b|\.activations\b/.test(module) || (module === "" && args.length > 1);
    return { className, config, isFunction };
  }
  const { function: name, ...rest } = config;
  const settings = Object.entries(named).flatMap(([argument, value]): [string, Json][] => {
    if (operandNames.has(argument)) return [];
    if (value.kind === "plain") return [[argument, value.json]];
    return value.kind === "constant" ? [[argument, [...value.tensor.data]]] : [];
  });
  return {
    className: tensorFlowFunctions.get(String(name)) ?? `tf.${String(name)}`,
    config: { ...rest, ...Object.fromEntries(settings) },
    isFunction: true,
  };
}

/** What functions call the tensors that they take. */
const operandNames: ReadonlySet<string> = new Set(["x", "y", "x1", "x2", "a", "b", "features", "inputs"]);

interface Operands {
  readonly operands: readonly UnderstoodOperand[];
  readonly wrong: readonly string[];
}

function operandsOf(call: Call, kind: AnyLayerKind, isFunction: boolean): Operands {
  const wrong: string[] = [];
  const operands: UnderstoodOperand[] = [];
  const take = (argument: Argument, name: string): void => {
    if (argument.kind === "list") for (const item of argument.items) take(item, name);
    else if (argument.kind === "value" || argument.kind === "constant") operands.push(argument);
    else if (argument.json !== null) wrong.push(`${name} ${JSON.stringify(argument.json)} is not understood`);
  };
  call.args.forEach((argument, at) => {
    take(argument, `argument ${at + 1}`);
  });
  const isWritten = call.layer.className === "TFOpLambda";
  for (const [name, argument] of Object.entries(call.named)) {
    if (isFunction && operandNames.has(name)) take(argument, `argument ${name}`);
    else if (argument.kind === "value" || argument.kind === "list")
      wrong.push(`argument ${name} is not understood`);
    else if (!isWritten && !hasNoEffect(name, argument)) wrong.push(`argument ${name} is not understood`);
  }
  const values = operands.filter((operand) => operand.kind === "value").length;
  const { takes = "one" } = kind;
  if (takes !== "operands" && values !== operands.length)
    wrong.push("it takes values, and is given a constant");
  else if (takes === "one" && values !== 1) wrong.push(`it takes one input, and is given ${values}`);
  else if (values === 0) wrong.push("it is given no input");
  return { operands, wrong };
}

/** `training: false`, and what is not given. */
function hasNoEffect(name: string, argument: Argument): boolean {
  if (argument.kind !== "plain") return false;
  return argument.json === null || (name === "training" && argument.json === false);
}
