import { isObject, type Json, type JsonObject } from "../json.ts";
import type { StepType } from "../step-type.ts";
import { namePattern, paramReferencePattern } from "./reference.ts";

const input = {
  description: "A path (./…, ../… or /…), or <step>.<output>.",
  anyOf: [
    { type: "string", minLength: 1 },
    {
      type: "object",
      additionalProperties: false,
      required: ["path"],
      properties: {
        path: { description: "A path: ./…, ../… or /…", type: "string", minLength: 1 },
        get: { description: "How to get it; shown where it is missing.", type: "string" },
      },
    },
  ],
} as const satisfies JsonObject;

/** The document without what depends on step types. */
export const documentSchema: JsonObject = {
  type: "object",
  additionalProperties: false,
  required: ["name", "steps"],
  properties: {
    name: { description: "Of the pipeline.", type: "string" },
    params: {
      description: "Values to be used as ${params.<name>}, and set with -S <name>=<value>.",
      type: "object",
    },
    steps: {
      description: "The steps by id. Their order means nothing: inputs make the graph.",
      type: "object",
      minProperties: 1,
      additionalProperties: {
        type: "object",
        additionalProperties: false,
        required: ["uses"],
        properties: {
          uses: { description: "The step type.", type: "string" },
          with: { description: "Its parameters.", type: "object" },
          inputs: {
            description: "What it reads: files, and outputs of other steps.",
            type: "object",
            additionalProperties: input,
          },
        },
      },
    },
  },
};

/** The schema for editors: every value in `with` may also be a reference to a param. */
export function editorSchema(types: ReadonlyMap<string, StepType>): JsonObject {
  const document = documentSchema as JsonObject & {
    properties: { name: JsonObject; steps: { additionalProperties: JsonObject } };
  };
  const step = document.properties.steps.additionalProperties as JsonObject & { properties: JsonObject };
  const names = [...types.keys()];
  return {
    $schema: "http://json-schema.org/draft-07/schema#",
    title: "A flow pipeline",
    ...document,
    properties: {
      ...document.properties,
      name: { ...document.properties.name, pattern: namePattern },
      steps: {
        ...document.properties.steps,
        propertyNames: { pattern: namePattern },
        additionalProperties: {
          ...step,
          properties: {
            ...step.properties,
            uses: { ...(step.properties.uses as JsonObject), enum: names },
          },
          allOf: [...types.values()].map(whenUsed),
        },
      },
    },
  };
}

function whenUsed(type: StepType): JsonObject {
  const required = Array.isArray(type.params.required) && type.params.required.length > 0;
  const needed = inputNames(type, false);
  return {
    if: { required: ["uses"], properties: { uses: { const: type.name } } },
    // biome-ignore lint/suspicious/noThenProperty: JSON Schema's own word
    then: {
      description: type.description,
      required: [...(required ? ["with"] : []), ...(needed.length > 0 ? ["inputs"] : [])],
      properties: { with: withReferences(type.params), inputs: inputsSchema(type) },
    },
  };
}

function inputsSchema(type: StepType): JsonObject {
  if (type.inputs === "any") return { propertyNames: { pattern: namePattern } };
  const properties = Object.entries(type.inputs).map(([name, { description }]) => [
    name,
    { ...input, description },
  ]);
  return {
    additionalProperties: false,
    properties: Object.fromEntries(properties),
    required: inputNames(type, false),
  };
}

function inputNames({ inputs }: StepType, optional: boolean): readonly string[] {
  if (inputs === "any") return [];
  return Object.entries(inputs).flatMap(([name, spec]) =>
    (spec.optional === true) === optional ? [name] : [],
  );
}

const reference = { type: "string", pattern: paramReferencePattern } as const;

/** Every value below the top may be a reference instead. */
function withReferences(schema: JsonObject): JsonObject {
  const inner = (value: Json): Json =>
    isObject(value) ? { anyOf: [withReferences(value), reference] } : value;
  const { properties, items, additionalProperties, anyOf, "x-unkeyed": _unkeyed, ...others } = schema;
  const { "x-text": isText, "x-resolved": _resolved, ...rest } = others;
  const mapped = isObject(properties)
    ? Object.fromEntries(
        Object.entries(properties).map(([name, value]) => {
          const { description, default: byDefault } = isObject(value) ? value : {};
          return [
            name,
            {
              ...(description === undefined ? {} : { description }),
              ...(byDefault === undefined ? {} : { default: byDefault }),
              ...(inner(value) as JsonObject),
            },
          ];
        }),
      )
    : undefined;
  return {
    ...rest,
    // What is text to a program may be written as a number.
    ...(isText === true ? { type: ["string", "number", "boolean"] } : {}),
    ...(mapped === undefined ? {} : { properties: mapped }),
    ...(items === undefined ? {} : { items: inner(items) }),
    ...(additionalProperties === undefined ? {} : { additionalProperties: inner(additionalProperties) }),
    ...(Array.isArray(anyOf)
      ? {
          anyOf: (anyOf as readonly Json[]).map((value) => (isObject(value) ? withReferences(value) : value)),
        }
      : {}),
  };
}
