import { isObject, type Json, type JsonObject } from "../json.ts";

/** What a schema allows, in words that follow "must be": "a whole number from 1 on". */
export function describeSchema(schema: Json | undefined): string {
  if (!isObject(schema)) return "something else";
  if ("const" in schema) return JSON.stringify(schema.const);
  if (Array.isArray(schema.enum))
    return oneOf((schema.enum as readonly Json[]).map((value) => JSON.stringify(value)));
  if (Array.isArray(schema.anyOf)) return oneOf((schema.anyOf as readonly Json[]).map(describeSchema));
  switch (schema.type) {
    case "integer":
      return `a whole number${rangeText(schema)}`;
    case "number":
      return `a number${rangeText(schema)}`;
    case "string":
      return "text";
    case "boolean":
      return "true or false";
    case "array":
      return `a list${countText(schema)}`;
    case "object":
      return membersText(schema);
    case "null":
      return "null";
    default:
      return "something else";
  }
}

function oneOf(choices: readonly string[]): string {
  const unique = [...new Set(choices)];
  return unique.length <= 1
    ? (unique[0] ?? "nothing")
    : `${unique.slice(0, -1).join(", ")} or ${unique.at(-1)}`;
}

function rangeText(schema: JsonObject): string {
  const { minimum, maximum, exclusiveMinimum, exclusiveMaximum } = schema;
  const low =
    minimum !== undefined
      ? `from ${minimum}`
      : exclusiveMinimum !== undefined
        ? `above ${exclusiveMinimum}`
        : "";
  const high =
    maximum !== undefined
      ? `to ${maximum}`
      : exclusiveMaximum !== undefined
        ? `below ${exclusiveMaximum}`
        : "";
  if (low === "" && high === "") return "";
  if (high === "") return minimum !== undefined ? ` ${low} on` : ` ${low}`;
  return ` ${[low, high].filter((text) => text !== "").join(exclusiveMaximum === undefined ? " " : " and ")}`;
}

function countText({ minItems, maxItems, items }: JsonObject): string {
  const of = isObject(items) ? ` of ${describeItems(items)}` : "";
  if (minItems === undefined && maxItems === undefined) return of;
  if (minItems === maxItems) return ` of ${minItems}${of === "" ? "" : ` (${of.slice(4)})`}`;
  return maxItems === undefined ? of : `${of}, at most ${maxItems}`;
}

function describeItems(items: JsonObject): string {
  const text = describeSchema(items);
  return text.replace(/^a whole number/, "whole numbers").replace(/^a number/, "numbers");
}

function membersText({ properties }: JsonObject): string {
  const names = isObject(properties) ? Object.keys(properties) : [];
  return names.length === 0 ? "a map" : `a map with ${names.join(", ")}`;
}

/** A value as people recognise it in their file. */
export function valueText(value: Json | undefined): string {
  if (Array.isArray(value)) return "a list";
  if (isObject(value)) return "a map";
  if (value === undefined) return "nothing";
  const text = JSON.stringify(value);
  return text.length > 60 ? `${text.slice(0, 59)}…` : text;
}
