import { isObject, type Json, type JsonObject } from "../json.ts";
import type { Node } from "./node.ts";

/**
 * Numbers that stand where a schema wants text (`"x-text": true`) become the
 * text that was written: an argument is 1.10, not 1.1.
 */
export function spellOut(node: Node, schema: Json | undefined): Node {
  if (!isObject(schema)) return node;
  const branches = Array.isArray(schema.anyOf) ? (schema.anyOf as readonly Json[]) : [schema];
  switch (node.kind) {
    case "scalar": {
      const isText = branches.some((branch) => isObject(branch) && branch["x-text"] === true);
      if (!isText || typeof node.value !== "number") return node;
      return { ...node, value: node.spelling ?? String(node.value) };
    }
    case "list": {
      const [items] = branches.flatMap((branch) => (isObject(branch) && branch.items ? [branch.items] : []));
      return { ...node, items: node.items.map((item) => spellOut(item, items)) };
    }
    case "map":
      return {
        ...node,
        entries: node.entries.map((entry) => ({
          ...entry,
          value: spellOut(entry.value, memberOf(branches, entry.name)),
        })),
      };
    case "broken":
      return node;
    default:
      return node satisfies never;
  }
}

function memberOf(branches: readonly Json[], name: string): Json | undefined {
  for (const branch of branches) {
    if (!isObject(branch)) continue;
    const properties: JsonObject = isObject(branch.properties) ? branch.properties : {};
    if (Object.hasOwn(properties, name)) return properties[name];
    if (isObject(branch.additionalProperties)) return branch.additionalProperties;
  }
  return undefined;
}

/** Whether a number is a whole one that a double cannot hold: two different ones would be the same. */
export function isTooLarge(node: Node): boolean {
  if (node.kind !== "scalar" || typeof node.value !== "number") return false;
  return /^[-+]?\d+$/.test(node.spelling ?? "") && !Number.isSafeInteger(node.value);
}
