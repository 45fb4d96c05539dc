import type { Program } from "./program.ts";

/** Options that begin from nothing: who goes on must not give them again. */
const forcing = { alone: new Set(["-f", "--force"]), withValue: new Set(["-R", "--rerun"]) };

/** The command that goes on where this one stopped, as it would be typed. */
export function continuation({ arguments: words, env }: Pick<Program, "arguments" | "env">): string {
  const kept: string[] = [];
  for (let at = 0; at < words.length; at++) {
    const word = words[at] as string;
    if (forcing.alone.has(word) || /^(-R.|--rerun=)/.test(word)) continue;
    if (forcing.withValue.has(word)) at++;
    // Short options may stand together: -kf.
    else if (/^-[a-zA-Z]*f[a-zA-Z]*$/.test(word) && !/[SCRj]/.test(word)) kept.push(word.replace("f", ""));
    else kept.push(word);
  }
  return [env.FLOW_COMMAND ?? "flow", ...kept.map(quoted)].join(" ");
}

function quoted(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}
