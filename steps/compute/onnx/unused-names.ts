import type { Model } from "./read/model.ts";

/** All names of values in a model, those of graphs within it as well. */
export function namesIn(model: Model): ReadonlySet<string> {
  const names = new Set([...model.inputs, ...model.initializers].map(({ name }) => name));
  for (const name of model.sparse) names.add(name);
  for (const node of model.nodes) {
    for (const list of [node.inputs, node.outputs, node.inner]) for (const name of list) names.add(name);
  }
  return names;
}

/** A beginning that none of the names has: the word, with as many underscores behind it as that takes. */
export function unusedPrefix(names: ReadonlySet<string>, word: string): string {
  let prefix = word;
  for (const isTaken = () => [...names].some((name) => name.startsWith(prefix)); isTaken(); ) prefix += "_";
  return prefix;
}
