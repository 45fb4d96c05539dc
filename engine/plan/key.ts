import { createHash } from "node:crypto";
import { canonicalJson, isObject, type JsonObject } from "../json.ts";
import type { StepType } from "../step-type.ts";

/** The identity of one execution. Ids, paths, comments and order never enter. */
export function stepKey(
  type: Pick<StepType, "name" | "version">,
  params: JsonObject,
  inputs: Readonly<Record<string, string>>,
): string {
  const identity = canonicalJson({ type: type.name, version: type.version, params, inputs });
  return `sha256:${createHash("sha256").update(identity).digest("hex")}`;
}

/** The parameters that affect the result: all but those the schema marks `x-unkeyed`. */
export function keyedParams(schema: JsonObject, params: JsonObject): JsonObject {
  const properties = isObject(schema.properties) ? schema.properties : {};
  const kept: Record<string, JsonObject[string]> = {};
  for (const [name, value] of Object.entries(params)) {
    const property = properties[name];
    if (isObject(property) && property["x-unkeyed"] === true) continue;
    kept[name] = isObject(property) && isObject(value) ? keyedParams(property, value) : value;
  }
  return kept;
}
