import type { Model } from "./read/model.ts";

/** A beginning that no name in a model has: the word, with as many underscores behind it as that takes. */
export function unusedPrefix(model: Model, word: string): string {
  const names = new Set([...model.inputs, ...model.initializers].map(({ name }) => name));
  for (const name of model.sparse) names.add(name);
  for (const node of model.nodes) {
    for (const list of [node.inputs, node.outputs, node.inner]) for (const name of list) names.add(name);
  }
  let prefix = word;
  for (const isTaken = () => [...names].some((name) => name.startsWith(prefix)); isTaken(); ) prefix += "_";
  return prefix;
}
