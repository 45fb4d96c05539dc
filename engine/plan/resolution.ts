import type { Failure } from "../failure.ts";
import { isObject, type JsonObject } from "../json.ts";
import type { StepType } from "../step-type.ts";

/** What comes of asking a step type for the parameters that go by its inputs. */
export type Resolution =
  | { readonly kind: "resolved"; readonly params: JsonObject }
  /** The parameters do not fit the inputs, as a sentence. */
  | { readonly kind: "refused"; readonly message: string }
  /** What an input holds cannot be looked at. */
  | { readonly kind: "unreadable"; readonly failure: Failure };

/** An input that is there, as planning knows it. */
export interface PlannedInput {
  readonly digest: string;
  readonly place: InputPlace;
}

export type InputPlace =
  /** As written in the pipeline. */
  | { readonly kind: "source"; readonly path: string }
  /** The whole artifact's digest, of which the input's may cover only what the step reads. */
  | { readonly kind: "artifact"; readonly digest: string };

/** Names of the parameters that are left to `resolve`: those that have the value by which the schema leaves them. */
export function leftToResolve(type: StepType, params: JsonObject): readonly string[] {
  const { properties } = type.params;
  if (type.resolve === undefined || !isObject(properties)) return [];
  return Object.entries(properties).flatMap(([name, property]) => {
    const left = isObject(property) ? property["x-resolved"] : undefined;
    return left !== undefined && params[name] === left ? [name] : [];
  });
}
