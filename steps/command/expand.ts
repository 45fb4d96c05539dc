import { type Piece, piecesOf } from "../../engine/document/reference.ts";
import { readShellLine, type ShellName } from "./shell.ts";
import { variableOf } from "./variables.ts";

/** Absolute paths by name. */
export interface Paths {
  readonly inputs: Readonly<Record<string, string>>;
  readonly outputs: Readonly<Record<string, string>>;
}

/** Puts paths where `${inputs.name}` and `${outputs.name}` stand; `$${` is a literal `${`. */
export function expand(text: string, paths: Paths): string {
  return piecesOf(text)
    .map((piece) => textOf(piece, paths))
    .join("");
}

/** A shell line in which every path and value is an expansion of a variable, and the variables. */
export interface ExpandedLine {
  readonly line: string;
  readonly variables: Readonly<Record<string, string>>;
}

/** The same for a line of shell: whatever is put in is one word, in quotes or not, for the shell itself puts it in. */
export function expandShell(text: string, shell: ShellName, paths: Paths): ExpandedLine {
  const read = readShellLine(piecesOf(text), shell);
  if (read.kind === "refused") throw new Error("a shell line that is refused passed the check");
  const variables: Record<string, string> = {};
  const parts = read.parts.map((part) => {
    if (part.kind === "text") return part.text;
    const { scope, name } = part.reference;
    const variable = variableOf(scope, name);
    variables[variable] = resolved(part.reference, paths);
    return part.place === "word" ? `"\${${variable}}"` : `\${${variable}}`;
  });
  return { line: parts.join(""), variables };
}

function textOf(piece: Piece, paths: Paths): string {
  switch (piece.kind) {
    case "text":
      return piece.written;
    case "escape":
      return "${";
    case "reference":
      return resolved(piece, paths);
    default:
      return piece satisfies never;
  }
}

function resolved({ scope, name, value }: Piece & { kind: "reference" }, paths: Paths): string {
  if (value !== undefined) return value;
  const path = scope === "inputs" || scope === "outputs" ? paths[scope][name] : undefined;
  if (path === undefined) throw new Error(`\${${scope}.${name}} passed the check and is not known`);
  return path;
}
