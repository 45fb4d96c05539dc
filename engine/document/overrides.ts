import type { Diagnostic } from "./diagnostic.ts";
import { entryOf, isMap, type MapNode, type Mark, type Node } from "./node.ts";
import { MAX_DEPTH, parseYaml, tooDeep } from "./parse.ts";
import { suggest } from "./suggest.ts";

/** Applies `-S name=value` and `-S steps.<id>.with.<path>=value` to a document. */
export function applyOverrides(
  root: MapNode,
  overrides: readonly string[],
): { readonly root: MapNode; readonly diagnostics: readonly Diagnostic[] } {
  const diagnostics: Diagnostic[] = [];
  let current = root;
  for (const override of overrides) {
    const option = `-S ${override}`;
    const refuse = (message: string, hint?: string): void =>
      void diagnostics.push({
        code: "bad-option",
        severity: "error",
        message,
        place: { kind: "option", option },
        ...(hint === undefined ? {} : { hint }),
      });
    const equals = override.indexOf("=");
    if (equals <= 0) {
      refuse("a name, = and a value are needed", "for example -S epochs=30");
      continue;
    }
    const path = override.slice(0, equals).split(".");
    if (path.length > MAX_DEPTH) {
      refuse(tooDeep);
      continue;
    }
    const mark: Mark = { kind: "option", option };
    const { root: value, mistakes } = parseYaml(override.slice(equals + 1), () => mark);
    if (mistakes[0] !== undefined) {
      refuse(`the value is no YAML: ${mistakes[0].message}`);
      continue;
    }
    const target = targetOf(current, path);
    if ("message" in target) refuse(target.message, target.hint);
    else current = put(current, target.path, value ?? { kind: "scalar", value: null, mark }, mark);
  }
  return { root: current, diagnostics };
}

function targetOf(
  root: MapNode,
  path: readonly string[],
): { readonly path: readonly string[] } | { readonly message: string; readonly hint: string } {
  const [first = "", id = "", third, ...rest] = path;
  if (path.length === 1) {
    const params = entryOf(root, "params")?.value;
    const names = isMap(params) ? params.entries.map(({ name }) => name) : [];
    if (names.includes(first)) return { path: ["params", first] };
    return { message: `the pipeline has no param "${first}"`, hint: suggest(first, names, "params") };
  }
  const steps = entryOf(root, "steps")?.value;
  const ids = isMap(steps) ? steps.entries.map(({ name }) => name) : [];
  if (first !== "steps" || third !== "with" || rest.length === 0) {
    const message = `"${path.join(".")}" is neither a param nor a parameter of a step`;
    return { message, hint: "write name=value, or steps.<id>.with.<parameter>=value" };
  }
  if (ids.includes(id)) return { path };
  return { message: `the pipeline has no step "${id}"`, hint: suggest(id, ids, "steps") };
}

/** A copy with the value at the path; maps on the way are made where they are missing. */
function put(node: MapNode, path: readonly string[], value: Node, mark: Mark): MapNode {
  const [name = "", ...rest] = path;
  const before = entryOf(node, name);
  const inner: MapNode = isMap(before?.value) ? before.value : { kind: "map", mark, entries: [] };
  const entry = {
    name,
    mark: before?.mark ?? mark,
    value: rest.length === 0 ? value : put(inner, rest, value, mark),
  };
  const entries = before
    ? node.entries.map((other) => (other === before ? entry : other))
    : [...node.entries, entry];
  return { ...node, entries };
}
