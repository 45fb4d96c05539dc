import { posix } from "node:path";
import { piecesOf } from "../../engine/document/reference.ts";
import type { Facts, ParamMistake } from "../../engine/step-type.ts";
import type { CommandParams } from "./declaration.ts";
import { readShellLine } from "./shell.ts";
import { collisions, variableOf } from "./variables.ts";

/** What no schema can say of a command. */
export function mistakesOf(
  { run, outputs, shell }: CommandParams,
  inputs: ReadonlySet<string>,
  facts: Facts,
): readonly ParamMistake[] {
  return [
    ...sharedVariables("outputs", outputs),
    ...sharedVariables("inputs", [...inputs]),
    ...(typeof run === "string" ? shellMistakes(run, shell) : listMistakes(shell)),
    ...unlistedFiles(typeof run === "string" ? run.split(/\s+/) : run, facts),
  ];
}

function sharedVariables(scope: "inputs" | "outputs", names: readonly string[]): readonly ParamMistake[] {
  return collisions(scope, names).map(([one, other]) => ({
    path: scope === "outputs" ? ["outputs"] : [],
    message: `${one} and ${other} would share the variable ${variableOf(scope, one)}: rename one of them`,
  }));
}

function shellMistakes(line: string, shell: CommandParams["shell"]): readonly ParamMistake[] {
  const pieces = piecesOf(line);
  const params = pieces.flatMap((piece) =>
    piece.kind === "reference" && piece.scope === "params" ? [piece.name] : [],
  );
  const shared = collisions("params", params).map(([one, other]) => ({
    path: ["run"],
    message: `the params ${one} and ${other} would share the variable ${variableOf("params", one)}: rename one of them`,
  }));
  const read = readShellLine(pieces, shell);
  if (read.kind === "understood") return shared;
  const refused = read.refusals.map(({ reference, construct }) => {
    const { scope, name } = reference;
    const written = `\${${scope}.${name}}`;
    return {
      path: ["run"],
      piece: written,
      message: `${written} stands in ${construct}, where nothing can be put in safely`,
      hint: `let the program read the variable ${variableOf(scope, name)}`,
    };
  });
  return [...shared, ...refused];
}

function listMistakes(shell: CommandParams["shell"]): readonly ParamMistake[] {
  if (shell === "sh") return [];
  return [{ path: ["shell"], message: "a list is started as it is, without a shell" }];
}

/** Files of the project that are named and not hashed: an edit to one would go unnoticed. */
function unlistedFiles(words: readonly string[], { inputs, isFile }: Facts): readonly ParamMistake[] {
  const listed = inputs.map((path) => posix.normalize(path));
  const isListed = (path: string): boolean =>
    listed.some(
      (input) => path === input || input === "." || path.startsWith(`${input.replace(/\/$/, "")}/`),
    );
  const files = [...new Set(words)].filter(
    (word) => /^[\w./-]+$/.test(word) && !word.startsWith("/") && !word.startsWith("../") && isFile(word),
  );
  return files
    .filter((word) => !isListed(posix.normalize(word)))
    .map((word) => ({
      path: ["run"],
      piece: word,
      severity: "warning" as const,
      message: `${word} is a file of the project and no input: edits to it go unnoticed`,
      hint: `add it to inputs, \`${nameFor(word)}: ./${posix.normalize(word)}\`, and write \${inputs.${nameFor(word)}}`,
    }));
}

function nameFor(path: string): string {
  const name = posix
    .basename(path)
    .replace(/\..*$/, "")
    .replaceAll(/[^A-Za-z0-9_-]/g, "_");
  return /^[A-Za-z]/.test(name) ? name : "script";
}
