import { composed } from "./composed.ts";
import type { OrganizeParams } from "./declaration.ts";

/** The words that `classes` names: those of a list, or what a map renames. */
export function wordsOf(classes: OrganizeParams["classes"]): readonly string[] {
  if (classes === undefined) return [];
  return Array.isArray(classes) ? (classes as readonly string[]) : Object.keys(classes);
}

/** Whether words can be what `classes` means: a list selects, a map covers all. */
export function areMeant(words: readonly string[], classes: OrganizeParams["classes"]): boolean {
  if (classes === undefined) return true;
  const known = new Set(wordsOf(classes).map(composed));
  const isKnown = (word: string): boolean => known.has(composed(word));
  return Array.isArray(classes) ? words.some(isKnown) : words.every(isKnown);
}
