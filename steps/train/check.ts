import type { Facts, ParamMistake } from "../../engine/param-mistake.ts";
import { runtimeMistakes } from "../compute/runtimes/check.ts";
import { bytesOf, inWords, memoryWithin } from "./budget.ts";
import type { TrainParams } from "./declaration.ts";
import { completed, kindsWith } from "./optimizers/optimizer.ts";
import { parametersOf, scheduleKinds } from "./schedule.ts";

/** What no schema can say of a training. */
export function mistakesOf(
  params: TrainParams,
  _inputs: ReadonlySet<string>,
  facts: Facts,
): readonly ParamMistake[] {
  return [
    ...optimizerMistakes(params),
    ...methodMistakes(params),
    ...memoryWarnings(params, facts),
    ...scheduleMistakes(params),
    ...layerMistakes(params),
    ...runtimeMistakes(params),
  ];
}

/** One value for all layers and a list of the same are one; an optimizer and a schedule have the defaults of their kind. */
export function normalized(params: TrainParams): TrainParams {
  return {
    ...params,
    activation: params.hidden.length === 0 ? "relu" : oneForAll(params.activation),
    dropout: params.hidden.length === 0 ? 0 : oneForAll(params.dropout),
    optimizer: completed(params.optimizer),
    schedule: params.schedule.kind === "cosine" ? { minimum: 0, ...params.schedule } : params.schedule,
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
    return owners.includes(optimizer.kind) ? [] : foreign(["optimizer", name], optimizer.kind, owners);
  });
}

function methodMistakes({ method, optimizer }: TrainParams): readonly ParamMistake[] {
  if (method !== "sampleSpace" || optimizer.kind === "sgd") return [];
  const message = `${optimizer.kind} does not train in sample space, as it is not linear in the gradient`;
  return [{ path: ["method"], message, hint: "take `method: auto`, or the optimizer sgd" }];
}

/** `memory` is in the key, and so does not follow the machine. */
function memoryWarnings({ memory }: TrainParams, facts: Facts): readonly ParamMistake[] {
  if (bytesOf(memory) <= facts.memory) return [];
  const message = `\`memory: ${memory}\` is more than this machine has, ${inWords(facts.memory)}`;
  const hint = `set \`memory: ${memoryWithin(facts.memory)}\``;
  return [{ path: ["memory"], message, hint, code: "small-machine" }];
}

function scheduleMistakes({ schedule, optimizer, epochs }: TrainParams): readonly ParamMistake[] {
  const { kind, minimum = 0, warmup } = schedule;
  const mistakes = (["every", "factor", "minimum"] as const).flatMap((name): ParamMistake[] => {
    const owners = scheduleKinds.filter((other) => parametersOf(other).includes(name));
    const isGiven = schedule[name] !== undefined;
    if (isGiven && !owners.includes(kind)) return [foreign(["schedule", name], kind, owners)];
    const isMissing = !isGiven && owners.includes(kind) && name !== "minimum";
    return isMissing ? [{ path: ["schedule"], message: `a schedule of kind ${kind} needs ${name}` }] : [];
  });
  if (kind !== "constant" && optimizer.decay > 0) {
    mistakes.push({
      path: ["optimizer", "decay"],
      message: `both decay and the schedule of kind ${kind} lower the learning rate`,
      hint: "leave one of them out",
    });
  }
  if (minimum > optimizer.learningRate) {
    mistakes.push({ path: ["schedule", "minimum"], message: "minimum is above the learning rate" });
  }
  if (kind === "cosine" && warmup >= epochs) {
    mistakes.push({
      path: ["schedule", "warmup"],
      message: `the warmup takes all of the ${epochs} epochs`,
    });
  }
  return mistakes;
}

function foreign(path: readonly string[], kind: string, owners: readonly string[]): ParamMistake {
  return {
    path,
    message: `${kind} has no ${path.at(-1)}`,
    hint: owners.length === 1 ? `${owners[0]} has it` : `${listed(owners)} have it`,
  };
}

function layerMistakes(params: TrainParams): readonly ParamMistake[] {
  return (["activation", "dropout"] as const).flatMap((name) => {
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

function listed(names: readonly string[]): string {
  return `${names.slice(0, -1).join(", ")} and ${names.at(-1)}`;
}
