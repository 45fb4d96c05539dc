import type { Json } from "../json.ts";

/** Where a value was written: offsets in the pipeline file, or an option. */
export type Mark =
  | { readonly kind: "file"; readonly start: number; readonly end: number }
  | { readonly kind: "option"; readonly option: string };

/** A value of the document that remembers where it was written. */
export type Node =
  | { readonly kind: "map"; readonly mark: Mark; readonly entries: readonly Entry[]; readonly param?: string }
  | { readonly kind: "list"; readonly mark: Mark; readonly items: readonly Node[]; readonly param?: string }
  | {
      readonly kind: "scalar";
      readonly mark: Mark;
      readonly value: string | number | boolean | null;
      /** Of a number or a truth value: as it was written, which is what it is where it becomes text (1.10, 007). */
      readonly spelling?: string;
      /** The name of the pipeline's param it was substituted from. */
      readonly param?: string;
    }
  /** A value whose mistake has been reported: nothing more is said about it. */
  | { readonly kind: "broken"; readonly mark: Mark; readonly param?: string };

export interface Entry {
  readonly name: string;
  readonly mark: Mark;
  readonly value: Node;
}

export type MapNode = Node & { readonly kind: "map" };

export function isMap(node: Node | undefined): node is MapNode {
  return node?.kind === "map";
}

export function entryOf(node: Node | undefined, name: string): Entry | undefined {
  return isMap(node) ? node.entries.find((entry) => entry.name === name) : undefined;
}

/** The plain value; what is broken becomes null. */
export function toJson(node: Node): Json {
  switch (node.kind) {
    case "map":
      return Object.fromEntries(node.entries.map(({ name, value }) => [name, toJson(value)]));
    case "list":
      return node.items.map(toJson);
    case "scalar":
      return node.value;
    case "broken":
      return null;
    default:
      return node satisfies never;
  }
}

/** A value by its path of names and positions; as far down as there is something. */
export function descend(node: Node, path: readonly string[]): { node: Node; entry?: Entry; found: boolean } {
  let current: { node: Node; entry?: Entry } = { node };
  for (const name of path) {
    const entry = entryOf(current.node, name);
    const item = current.node.kind === "list" ? current.node.items[Number(name)] : undefined;
    if (entry) current = { node: entry.value, entry };
    else if (item) current = { node: item };
    else return { ...current, found: false };
  }
  return { ...current, found: true };
}

/** Every value below a node, with its path. */
export function* walk(
  node: Node,
  path: readonly string[] = [],
): Generator<{ path: readonly string[]; node: Node }> {
  const left = [{ path, node }];
  for (let next = left.pop(); next !== undefined; next = left.pop()) {
    yield next;
    for (const { name, node } of childrenOf(next.node)) left.push({ path: [...next.path, name], node });
  }
}

/** The last first. */
function childrenOf(node: Node): readonly { readonly name: string; readonly node: Node }[] {
  if (node.kind === "map") return node.entries.map(({ name, value }) => ({ name, node: value })).reverse();
  if (node.kind === "list") return node.items.map((item, at) => ({ name: String(at), node: item })).reverse();
  return [];
}
