import { isObject, type Json, type JsonObject } from "../json.ts";
import type { Node } from "./node.ts";

/**
 * Numbers and truth values that stand where a schema wants text (`"x-text": true`) become the
 * text that was written: an argument is 1.10, not 1.1.
 */
export function spellOut(node: Node, schema: Json | undefined): Node {
  if (!isObject(schema)) return node;
  const branches = Array.isArray(schema.anyOf) ? (schema.anyOf as readonly Json[]) : [schema];
  switch (node.kind) {
    case "scalar": {
      const isText = branches.some((branch) => isObject(branch) && branch["x-text"] === true);
      if (!isText || (typeof node.value !== "number" && typeof node.value !== "boolean")) return node;
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

/** The value with what a double cannot hold as the text that it was. */
export function exact(node: Node): Node {
  return replaceTooLarge(node, (number) => ({ ...number, value: number.spelling ?? null }));
}

/** The value with something else where there is a number that a double cannot hold. */
export function replaceTooLarge(node: Node, by: (number: Node & { readonly kind: "scalar" }) => Node): Node {
  switch (node.kind) {
    case "map": {
      const entries = node.entries.map((entry) => ({ ...entry, value: replaceTooLarge(entry.value, by) }));
      return { ...node, entries };
    }
    case "list":
      return { ...node, items: node.items.map((item) => replaceTooLarge(item, by)) };
    case "scalar":
      return isTooLarge(node) ? by(node) : node;
    case "broken":
      return node;
    default:
      return node satisfies never;
  }
}

/** Whether a number is a whole one that a double cannot hold, or too large for any: two different ones would be the same. */
function isTooLarge(node: Node & { readonly kind: "scalar" }): boolean {
  if (typeof node.value !== "number") return false;
  const isWhole = /^[-+]?\d+$|^0[xo]/.test(node.spelling ?? "");
  return !Number.isFinite(node.value) || (isWhole && !Number.isSafeInteger(node.value));
}
