import { StepError } from "../../engine/step-type.ts";
import { some } from "../../engine/wording.ts";
import { composed } from "./composed.ts";
import type { OrganizeParams } from "./declaration.ts";
import { listed } from "./listed.ts";

/** Classes by the word that marks them in the source, in composed form. */
export interface Classes {
  /** In code-unit order: the label of a class is its place here, as scikit-learn's LabelEncoder has it. */
  readonly names: readonly string[];
  /** `undefined` for a word that is not taken. */
  nameOf(word: string): string | undefined;
  /** Whether several words are this class. */
  isMerged(name: string): boolean;
}

/**
 * @param words those of the source, each once.
 * @throws StepError where they do not make two classes, or cannot be names of folders.
 */
export function classesOf(params: Pick<OrganizeParams, "classes">, words: readonly string[]): Classes {
  const names = namesByWord(params.classes, words);
  const all = [...new Set(names.values())].sort();
  if (all.length < 2) throw new StepError(tooFew(all));
  const counts = new Map<string, number>();
  for (const name of names.values()) counts.set(name, (counts.get(name) ?? 0) + 1);
  return {
    names: all,
    nameOf: (word) => names.get(composed(word)),
    isMerged: (name) => (counts.get(name) ?? 0) > 1,
  };
}

function namesByWord(
  classes: OrganizeParams["classes"],
  words: readonly string[],
): ReadonlyMap<string, string> {
  if (Array.isArray(classes)) {
    return new Map((classes as readonly string[]).map((name) => [composed(name), name]));
  }
  if (classes !== undefined) {
    return new Map(Object.entries(classes).map(([word, name]) => [composed(word), name as string]));
  }
  const names = [...new Set(words.map(composed))];
  // They become names of folders, and lines of a table.
  const strange = names.filter((name) => !/^[^/\\.\p{Cc}][^/\\\p{Cc}]{0,199}$/u.test(name));
  if (strange.length > 0) {
    throw new StepError(
      listed("these cannot be names of classes; give them others with `classes`, a map:", strange),
    );
  }
  return new Map(names.map((name) => [name, name]));
}

function tooFew(names: readonly string[]): string {
  const found = names.length === 0 ? "no class" : `only one class, ${some(names, 1)},`;
  return `${found} was found in the source: a head tells at least two apart; \`classFrom\` says what names them`;
}
