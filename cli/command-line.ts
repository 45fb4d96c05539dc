import { printableLine } from "../engine/printable.ts";
import { shellWord } from "../engine/wording.ts";
import type { CommonOptions, Program } from "./program.ts";

/** Options that take a value, by their letters and by their names. */
const valued = { letters: "CSRj", names: /^--(directory|cache|set|rerun|jobs|until)$/ };

/** The command that goes on where this one stopped, as it would be typed: without what begins from nothing. */
export function continuation({ arguments: words, env }: Pick<Program, "arguments" | "env">): string {
  const kept: string[] = [];
  const rest = [...words];
  for (let word = rest.shift(); word !== undefined; word = rest.shift()) {
    if (word === "--") {
      kept.push(word, ...rest.splice(0));
    } else if (/^-[a-zA-Z]/.test(word)) {
      const { letters, value } = cluster(word, rest);
      if (letters !== "") kept.push(`-${letters}`);
      if (value !== undefined) kept.push(value);
    } else {
      const value = valued.names.test(word) ? rest.splice(0, 1) : [];
      if (!/^--(force|rerun)(=|$)/.test(word)) kept.push(word, ...value);
    }
  }
  return [env.FLOW_COMMAND ?? "flow", ...kept.map(quoted)].join(" ");
}

/** The command that asks the newest run's model about a picture. */
export function trial({ env }: Pick<Program, "env">, { directory, cache }: CommonOptions): string {
  const places = [
    directory === undefined ? [] : ["-C", directory],
    cache === undefined ? [] : ["--cache", cache],
  ];
  return [env.FLOW_COMMAND ?? "flow", "predict", ...places.flat().map(quoted), "latest", "<picture>"].join(
    " ",
  );
}

/** What stays of short options that stand together (`-kf`), the last perhaps with its value (`-kj4`, `-kj 4`). */
function cluster(word: string, rest: string[]): { readonly letters: string; readonly value?: string } {
  let letters = "";
  for (const [at, letter] of [...word].entries()) {
    if (at === 0 || letter === "f") continue;
    if (!valued.letters.includes(letter)) {
      letters += letter;
      continue;
    }
    const joined = word.slice(at + 1);
    const value = joined === "" ? rest.shift() : undefined;
    if (letter === "R") return { letters };
    return { letters: letters + letter + joined, ...(value === undefined ? {} : { value }) };
  }
  return { letters };
}

/** Controls are shown and do not act. */
function quoted(word: string): string {
  return shellWord(printableLine(word));
}
