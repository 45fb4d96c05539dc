import type { ParamMistake } from "../../engine/step-type.ts";
import type { TrainParams } from "./declaration.ts";
import { completed, kindsWith } from "./optimizers/optimizer.ts";

/** What no schema can say of a training. */
export function mistakesOf(params: TrainParams): readonly ParamMistake[] {
  return [...optimizerMistakes(params), ...layerMistakes(params)];
}

/** One value for all layers and a list of the same are one; an optimizer has the defaults of its kind. */
export function normalized(params: TrainParams): TrainParams {
  return {
    ...params,
    activation: params.hidden.length === 0 ? "relu" : oneForAll(params.activation),
    optimizer: completed(params.optimizer),
  };
}

function oneForAll<Value>(given: Value | Value[]): Value | Value[] {
  if (!Array.isArray(given)) return given;
  const [first, ...others] = given;
  return first !== undefined && others.every((value) => value === first) ? first : given;
}

function optimizerMistakes({ optimizer }: TrainParams): readonly ParamMistake[] {
  return Object.keys(optimizer).flatMap((name) => {
    const owners = kindsWith(name);
    if (owners.includes(optimizer.kind)) return [];
    return {
      path: ["optimizer", name],
      message: `${optimizer.kind} has no ${name}`,
      hint: owners.length === 1 ? `${owners[0]} has it` : `${inWords(owners)} have it`,
    };
  });
}

function layerMistakes(params: TrainParams): readonly ParamMistake[] {
  return (["activation"] as const).flatMap((name) => {
    const given = params[name];
    const [is, should] = [Array.isArray(given) ? given.length : undefined, params.hidden.length];
    if (is === undefined || is === should) return [];
    return {
      path: [name],
      message: `${name} lists ${is}, hidden lists ${should}`,
      hint: "one value for all layers, or one each",
    };
  });
}

function inWords(names: readonly string[]): string {
  return `${names.slice(0, -1).join(", ")} and ${names.at(-1)}`;
}
