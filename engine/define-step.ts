import type { FromSchema, JSONSchema } from "json-schema-to-ts";
import type { ClaimedItem, WorkItem } from "./division.ts";
import type { JsonObject } from "./json.ts";
import type { InputToLookAt } from "./known-input.ts";
import type { Facts, ParamMistake } from "./param-mistake.ts";
import type {
  DivisionContext,
  DivisionView,
  InputSpec,
  Requirement,
  StepContext,
  StepInput,
  StepType,
} from "./step-type.ts";

/** What a step takes and gives. In a file of its own, so that the definition and its `run.ts` both import it. */
export interface Declaration {
  /** JSON Schema of `with`, written `as const`. */
  readonly params: JsonObject;
  readonly inputs: Readonly<Record<string, InputSpec>> | "any";
  /** Names, or a function of the parameters where the user chooses them. */
  readonly outputs: readonly string[] | ((params: JsonObject) => readonly string[]);
}

/** The values that a JSON Schema, written `as const`, allows; what has a default is there. */
export type ParamsOf<Schema> = Schema extends JSONSchema ? FromSchema<Schema> : never;

/** The context of a declared step: parameters, inputs and outputs under the names that it declares. */
export type ContextOf<Declared extends Declaration> = Omit<
  StepContext,
  "params" | "inputs" | "output" | "note"
> & {
  readonly params: ParamsOf<Declared["params"]>;
  readonly inputs: InputsOf<Declared["inputs"]>;
  output(name: OutputOf<Declared["outputs"]>): string;
  note(output: OutputOf<Declared["outputs"]>, text: string): void;
};

type InputsOf<Inputs extends Declaration["inputs"], Input = StepInput> = Inputs extends "any"
  ? Readonly<Record<string, Input>>
  : {
      readonly [Name in keyof Inputs as Inputs[Name] extends { readonly optional: true }
        ? never
        : Name]: Input;
    } & {
      readonly [Name in keyof Inputs as Inputs[Name] extends { readonly optional: true }
        ? Name
        : never]?: Input;
    };

type OutputOf<Outputs extends Declaration["outputs"]> = Outputs extends readonly (infer Name)[]
  ? Name
  : string;

/** The members of a `StepType` with the types that its declaration gives them. */
export type Definition<Declared extends Declaration> = Declared &
  Omit<
    StepType,
    | "params"
    | "inputs"
    | "outputs"
    | "check"
    | "normalize"
    | "resolve"
    | "requires"
    | "summary"
    | "page"
    | "division"
    | "run"
  > & {
    check?(
      params: ParamsOf<Declared["params"]>,
      inputs: ReadonlySet<string>,
      facts: Facts,
    ): readonly ParamMistake[];
    normalize?(params: ParamsOf<Declared["params"]>): ParamsOf<Declared["params"]>;
    resolve?(
      params: ParamsOf<Declared["params"]>,
      inputs: InputsOf<Declared["inputs"], InputToLookAt>,
    ): ParamsOf<Declared["params"]>;
    requires?(params: ParamsOf<Declared["params"]>, inputs: ReadonlySet<string>): readonly Requirement[];
    readonly summary?: { readonly output: OutputOf<Declared["outputs"]>; readonly file: string };
    readonly page?: OutputOf<Declared["outputs"]>;
    readonly division?: DivisionOf<Declared>;
    run(ctx: ContextOf<Declared>): Promise<void>;
  };

/** A division whose code is typed by what the step declares. */
export interface DivisionOf<Declared extends Declaration> {
  isWorthIt(
    view: Omit<DivisionView, "params" | "inputs"> & {
      readonly params: ParamsOf<Declared["params"]>;
      readonly inputs: InputsOf<Declared["inputs"], InputToLookAt>;
    },
  ): boolean;
  split(ctx: PartOf<Declared>): Promise<readonly WorkItem[]>;
  work(ctx: PartOf<Declared>, items: AsyncIterable<ClaimedItem>): Promise<void>;
}

/** What those see who do a part of a declared step. */
export type PartOf<Declared extends Declaration> = Omit<
  ContextOf<Declared>,
  Exclude<keyof StepContext, keyof DivisionContext>
>;

/**
 * Defines a step type whose code is typed by what it declares: a parameter, an
 * input or an output under another name does not compile. The engine checks the
 * same declaration before it calls anything, which is what makes the types true.
 */
export function defineStep<
  const Params extends JsonObject,
  const Inputs extends Declaration["inputs"],
  const Outputs extends Declaration["outputs"],
>(definition: Definition<{ params: Params; inputs: Inputs; outputs: Outputs }>): StepType {
  const { outputs, ...rest } = definition;
  const names = typeof outputs === "function" ? outputs : () => outputs;
  return { ...rest, outputs: names } as unknown as StepType;
}
