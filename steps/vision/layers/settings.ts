import { isObject, type Json, type JsonObject } from "../../../engine/json.ts";
import type { Pair, Tensor } from "../graph/graph.ts";
import type { Dialect } from "../networks/topology.ts";
import { type Activation, readActivation } from "./activations.ts";
import { tensorOf } from "./arrays.ts";

/** Reads what a layer is told. Mistakes are collected, and a value that passes stands in for what is wrong. */
export interface Settings {
  readonly className: string;
  readonly dialect: Dialect;
  /** Whether it is a function that was called on tensors, not a layer. */
  readonly isFunction: boolean;
  /** From `least` (1) on. Without `otherwise` it must be there. */
  whole(name: string, otherwise?: number, least?: number): number;
  /** Under one of several names. */
  number(names: string | readonly string[], otherwise: number): number;
  optionalNumber(name: string): number | undefined;
  flag(name: string, otherwise: boolean): boolean;
  /** A number, or one for each of rows and columns. */
  pair(name: string, otherwise?: number | Pair, least?: number): Pair;
  oneOf<const Choice extends string | number>(
    name: string,
    choices: readonly Choice[],
    otherwise: Choice,
  ): Choice;
  /** A whole number, or a list of them. */
  wholes(name: string): readonly number[] | undefined;
  /** Numbers in any nesting of lists. */
  numbers(name: string): Tensor | undefined;
  activation(name: string): Activation;
  /** For what has a form of its own. */
  json(name: string): Json | undefined;
  refuse(name: string, why: string): void;
}

export interface ReadSettings {
  readonly settings: Settings;
  /** After the kind has asked for all that it knows: everything that is wrong, what it did not ask for as well. */
  mistakes(): readonly string[];
}

export interface SettingsOf {
  readonly className: string;
  readonly dialect: Dialect;
  readonly isFunction: boolean;
  readonly config: JsonObject;
}

export function readSettings({ className, dialect, isFunction, config }: SettingsOf): ReadSettings {
  const asked = new Set<string>(withoutEffect);
  const mistakes: string[] = [];
  const refuse = (name: string, why: string): void =>
    void mistakes.push(`${name} ${shown(config[name])} ${why}`);
  const get = (name: string): Json | undefined => {
    asked.add(name);
    return config[name] ?? undefined;
  };
  /** A number; also as a list of one, as some writers of Keras' format have it. */
  const numberAt = (name: string): number | undefined => {
    const value = get(name);
    if (value === undefined) return undefined;
    const tensor = tensorOf(value);
    if (tensor?.data.length === 1) return tensor.data[0];
    refuse(name, "is no number");
    return undefined;
  };
  const isWhole = (value: unknown, least: number): value is number =>
    Number.isSafeInteger(value) && (value as number) >= least;
  const settings: Settings = {
    className,
    dialect,
    isFunction,
    whole(name, otherwise, least = 1) {
      const value = numberAt(name) ?? otherwise;
      if (isWhole(value, least)) return value;
      if (value !== undefined || get(name) === undefined) refuse(name, `is no whole number from ${least} on`);
      return least;
    },
    number(names, otherwise) {
      const found = [names].flat().map((name) => numberAt(name));
      return found.find((value) => value !== undefined) ?? otherwise;
    },
    optionalNumber: numberAt,
    flag(name, otherwise) {
      const value = get(name) ?? otherwise;
      if (typeof value === "boolean") return value;
      refuse(name, "is neither true nor false");
      return otherwise;
    },
    pair(name, otherwise, least = 1) {
      const value = get(name) ?? (otherwise as Json | undefined);
      const items = Array.isArray(value) ? (value as readonly Json[]) : [value, value];
      const [a, b] = items.length === 1 ? [items[0], items[0]] : items;
      if (items.length <= 2 && isWhole(a, least) && isWhole(b, least)) return [a, b];
      refuse(name, `is no size, or two of them, from ${least} on`);
      return [1, 1];
    },
    oneOf(name, choices, otherwise) {
      const value = get(name) ?? otherwise;
      const choice = choices.find((candidate) => candidate === value);
      if (choice !== undefined) return choice;
      refuse(name, `is not supported; ${choices.join(" and ")} ${choices.length === 1 ? "is" : "are"}`);
      return otherwise;
    },
    wholes(name) {
      const value = get(name);
      if (value === undefined) return undefined;
      const items = Array.isArray(value) ? (value as readonly Json[]) : [value];
      if (items.every((item): item is number => Number.isSafeInteger(item))) return items;
      refuse(name, "is no list of whole numbers");
      return undefined;
    },
    numbers(name) {
      const value = get(name);
      const tensor = value === undefined ? undefined : tensorOf(value);
      if (value !== undefined && tensor === undefined) refuse(name, "is no array of numbers");
      return tensor;
    },
    activation(name) {
      const value = get(name) ?? "linear";
      const activation = readActivation(value, dialect);
      if (typeof activation === "function") return activation;
      refuse(name, activation);
      return (_, input) => input;
    },
    json: get,
    refuse,
  };
  return {
    settings,
    mistakes() {
      readCommon(get, refuse);
      for (const [name, value] of Object.entries(config)) {
        if (!asked.has(name) && value !== null) refuse(name, "is not understood");
      }
      return mistakes;
    },
  };
}

/** What any layer may have, and which says nothing about what it computes once it is trained. */
const withoutEffect = [
  "name",
  "trainable",
  "autocast",
  "batch_input_shape",
  "batch_shape",
  "batch_size",
  "input_shape",
  "input_dim",
  "input_length",
  "build_config",
  "seed",
  ...[
    "kernel",
    "bias",
    "depthwise",
    "pointwise",
    "gamma",
    "beta",
    "alpha",
    "moving_mean",
    "moving_variance",
  ].flatMap((weight) => ["initializer", "regularizer", "constraint"].map((what) => `${weight}_${what}`)),
  "activity_regularizer",
];

function readCommon(get: (name: string) => Json | undefined, refuse: Settings["refuse"]): void {
  const order = get("data_format");
  if (order !== undefined && order !== "channels_last") {
    refuse(
      "data_format",
      order === "channels_first" ? "has its channels first; only channels last is supported" : "is not known",
    );
  }
  // Precision is the runtime's: all is computed in float32.
  const given = get("dtype");
  const policy = isObject(given) ? isObject(given.config) && given.config.name : given;
  if (given !== undefined && !precisions.has(policy)) refuse("dtype", "is not supported");
}

const precisions = new Set<unknown>(
  ["float16", "bfloat16", "float32", "float64"].flatMap((name) => [name, `mixed_${name}`]),
);

/** As it stands in the file, cut where it is long. */
function shown(value: Json | undefined): string {
  const text = value === undefined ? "(not there)" : JSON.stringify(value);
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what must not reach a terminal.
  const clean = text.replaceAll(/[\u0000-\u001f\u007f-\u009f]/g, "·");
  return clean.length > 80 ? `${clean.slice(0, 79)}…` : clean;
}
