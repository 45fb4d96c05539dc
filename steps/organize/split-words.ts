import type { Split } from "../learning/tables/images.ts";

const words: Readonly<Record<string, Split>> = {
  train: "train",
  training: "train",
  validation: "validation",
  valid: "validation",
  val: "validation",
  dev: "validation",
  test: "test",
  testing: "test",
  evaluation: "test",
  eval: "test",
};

/** The split that people call so, whatever the case. */
export function splitOfWord(word: string): Split | undefined {
  const lower = word.toLowerCase();
  return Object.hasOwn(words, lower) ? words[lower] : undefined;
}

/** The split in the name of an archive: `imagenet-train-000012` is one of train. `undefined` where it names none, or several. */
export function splitInName(name: string): Split | undefined {
  const found = new Set(name.split(/[^A-Za-z]+/).flatMap((word) => splitOfWord(word) ?? []));
  return found.size === 1 ? [...found][0] : undefined;
}
