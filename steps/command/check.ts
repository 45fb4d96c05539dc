import { posix } from "node:path";
import { type Piece, piecesOf } from "../../engine/document/reference.ts";
import { suggest } from "../../engine/document/suggest.ts";
import type { Facts, ParamMistake } from "../../engine/param-mistake.ts";
import type { CommandParams } from "./declaration.ts";
import { readShellLine } from "./shell.ts";
import { collisions, variableOf } from "./variables.ts";

/** What no schema can say of a command. */
export function mistakesOf(
  { run, outputs, shell, env }: CommandParams,
  inputs: ReadonlySet<string>,
  facts: Facts,
): readonly ParamMistake[] {
  return [
    ...sharedVariables("outputs", outputs),
    ...sharedVariables("inputs", [...inputs]),
    ...(typeof run === "string" ? shellMistakes(run, shell) : listMistakes(run, shell)),
    ...takenVariables(env, [...inputs], outputs),
    ...unsetVariables(run, [...variablesOf([...inputs], outputs), ...Object.keys(env)]),
    ...unlistedFiles(wordsOf(run), facts),
  ];
}

function sharedVariables(scope: "inputs" | "outputs", names: readonly string[]): readonly ParamMistake[] {
  return collisions(scope, names).map(([one, other]) => ({
    path: scope === "outputs" ? ["outputs"] : [],
    message: `${one} and ${other} would share the variable ${variableOf(scope, one)}: rename one of them`,
  }));
}

function variablesOf(inputs: readonly string[], outputs: readonly string[]): readonly string[] {
  return [
    ...inputs.map((name) => variableOf("inputs", name)),
    ...outputs.map((name) => variableOf("outputs", name)),
  ];
}

/** Variables under `env` that flow sets itself. */
function takenVariables(
  env: CommandParams["env"],
  inputs: readonly string[],
  outputs: readonly string[],
): readonly ParamMistake[] {
  const own = new Set(variablesOf(inputs, outputs));
  return Object.keys(env)
    .filter((name) => own.has(name))
    .map((name) => ({
      path: ["env", name],
      message: `${name} is set by flow itself`,
      hint: "take another name",
    }));
}

/** Variables of flow's that are named and that nothing sets: a shell puts nothing there. */
function unsetVariables(run: CommandParams["run"], known: readonly string[]): readonly ParamMistake[] {
  const text = typeof run === "string" ? run : run.join("\n");
  const referenced = piecesOf(text).flatMap((piece) =>
    piece.kind === "reference" ? [variableOf(piece.scope, piece.name)] : [],
  );
  const set = new Set([...known, ...referenced]);
  const named = new Set(text.match(/\bFLOW_(?:INPUT|OUTPUT|PARAM)_[A-Z0-9_]+\b/g));
  return [...named]
    .filter((name) => !set.has(name))
    .map((name) => ({
      path: ["run"],
      piece: name,
      code: "unset-variable" as const,
      message: `nothing sets ${name}`,
      hint: suggest(name, known, "variables of this step"),
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
    const written = writtenText(reference);
    const before = pieces.slice(0, pieces.indexOf(reference)).map(writtenText).join("");
    return {
      path: ["run"],
      piece: written,
      nth: before.split(written).length - 1,
      message: `${written} stands in ${construct}, where nothing can be put in safely`,
      hint: `let the program read the variable ${variableOf(scope, name)}`,
    };
  });
  return [...shared, ...refused];
}

/** A piece as it stands in the file. */
function writtenText(piece: Piece): string {
  return piece.kind === "reference" ? `\${${piece.scope}.${piece.name}}` : piece.written;
}

function listMistakes(run: readonly string[], shell: CommandParams["shell"]): readonly ParamMistake[] {
  if (shell === "sh") return innerShell(run);
  return [{ path: ["shell"], message: "a list is started as it is, without a shell" }];
}

/** What a list puts into the line of a shell of its own: that shell takes it for a part of the line. */
function innerShell([program = "", ...rest]: readonly string[]): readonly ParamMistake[] {
  if (!shells.has(posix.basename(program))) return [];
  const option = rest.findIndex((argument) => /^-[a-z]*c$/.test(argument));
  const line = option < 0 ? "" : (rest[option + 1] ?? "");
  return piecesOf(line).flatMap((piece) =>
    piece.kind !== "reference"
      ? []
      : {
          path: ["run"],
          piece: writtenText(piece),
          code: "part-of-line" as const,
          message: `${writtenText(piece)} becomes a part of the line that ${program} reads: blanks and quotes in it are the shell's`,
          hint: `let the shell read the variable, "$${variableOf(piece.scope, piece.name)}"`,
        },
  );
}

const shells: ReadonlySet<string> = new Set(["sh", "bash", "dash", "ksh", "zsh"]);

/** What could be paths: words of a shell line, arguments, and what stands behind their `=`. */
function wordsOf(run: CommandParams["run"]): readonly string[] {
  return typeof run === "string"
    ? run.split(/[\s;&|<>()"'`=]+/)
    : run.flatMap((argument) => [argument, argument.slice(argument.indexOf("=") + 1)]);
}

/** Files of the project that are named and not hashed: an edit to one would go unnoticed. */
function unlistedFiles(words: readonly string[], { inputs, isFile }: Facts): readonly ParamMistake[] {
  const listed = inputs.map((path) => posix.normalize(path));
  const isListed = (path: string): boolean =>
    listed.some(
      (input) => path === input || input === "." || path.startsWith(`${input.replace(/\/$/, "")}/`),
    );
  const files = [...new Set(words)].filter(
    (word) => /^[\w@+./-]+$/.test(word) && !word.startsWith("/") && !word.startsWith("../") && isFile(word),
  );
  return files
    .filter((word) => !isListed(posix.normalize(word)))
    .map((word) => ({
      path: ["run"],
      piece: word,
      code: "unlisted-file" as const,
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
