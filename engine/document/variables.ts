import type { StepType } from "../step-type.ts";
import type { ReportMistake } from "./connect.ts";
import { type Entry, entryOf, isMap, type Node, walk } from "./node.ts";
import { escapeReferences } from "./reference.ts";
import type { Params } from "./substitute.ts";

/**
 * Params that a text names by their variable (`$FLOW_PARAM_X`) become part of the
 * parameters: a program reads them there, and their values belong to the key.
 */
export function withVariables(
  node: Node,
  type: StepType | undefined,
  { params, report }: { readonly params: Params; readonly report: ReportMistake },
): Node {
  const variables = type?.templates?.variables;
  if (variables === undefined || !isMap(node)) return node;
  const named = wordsOf(node);
  const target = entryOf(node, variables.parameter);
  const before = isMap(target?.value) ? target.value.entries : [];
  const added = new Map<string, Entry>();
  for (const name of params.names) {
    const variable = variables.nameOf(name);
    if (!named.has(variable) || before.some((entry) => entry.name === variable)) continue;
    const value = params.put(name, node.mark);
    if (value?.kind !== "scalar") continue;
    if (added.has(variable)) {
      const message = `${variable} could be the param ${name} and another`;
      report("wrong-value", message, named.get(variable) ?? node.mark, "rename one of them");
    }
    // As all text of such a step: it is filled in once more.
    const text = escapeReferences(value.spelling ?? String(value.value));
    added.set(variable, {
      name: variable,
      mark: node.mark,
      value: { kind: "scalar", value: text, mark: value.mark, param: name },
    });
  }
  if (added.size === 0) return node;
  const map: Node = { kind: "map", mark: node.mark, entries: [...before, ...added.values()] };
  const entry = { name: variables.parameter, mark: target?.mark ?? node.mark, value: map };
  return { ...node, entries: [...node.entries.filter((other) => other !== target), entry] };
}

/** Words that could be variables, with a place of each. */
function wordsOf(node: Node): ReadonlyMap<string, Node["mark"]> {
  const words = new Map<string, Node["mark"]>();
  for (const { node: inner } of walk(node)) {
    if (inner.kind !== "scalar" || typeof inner.value !== "string") continue;
    for (const [word] of inner.value.matchAll(/[A-Za-z_]\w*/g)) words.set(word, inner.mark);
  }
  return words;
}
