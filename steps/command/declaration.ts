import type { ContextOf, Declaration } from "../../engine/define-step.ts";
import type { JsonObject } from "../../engine/json.ts";

const params = {
  type: "object",
  additionalProperties: false,
  required: ["run", "outputs"],
  properties: {
    run: {
      description:
        "The program and its arguments, or a shell line. ${inputs.x} and ${outputs.x} stand for the paths.",
      anyOf: [
        { type: "array", items: { type: "string", "x-text": true }, minItems: 1 },
        { type: "string", minLength: 1 },
      ],
    },
    shell: {
      description: "What reads a shell line: sh -e, or bash -eo pipefail.",
      enum: ["sh", "bash"],
      default: "sh",
    },
    outputs: {
      description: "Names of the folders that the program fills; an empty one is an error.",
      type: "array",
      minItems: 1,
      uniqueItems: true,
      items: { type: "string", pattern: "^[A-Za-z][A-Za-z0-9_-]*$" },
    },
    env: {
      description: "Environment variables: a value, or null to pass on the one that is set when flow runs.",
      type: "object",
      propertyNames: { pattern: "^[A-Za-z_][A-Za-z0-9_]*$" },
      additionalProperties: { anyOf: [{ type: "string", "x-text": true }, { type: "null" }] },
      default: {},
    },
  },
} as const;

export const declaration = {
  params,
  inputs: "any",
  outputs: (params: JsonObject): readonly string[] =>
    Array.isArray(params.outputs) ? (params.outputs as readonly string[]) : [],
} as const satisfies Declaration;

export type CommandContext = ContextOf<typeof declaration>;
/** Parameters with their defaults. */
export type CommandParams = CommandContext["params"];
