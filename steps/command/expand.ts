import { type Piece, piecesOf } from "../../engine/document/reference.ts";

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

/** The same for a line of POSIX shell: a path is one word, whether it stands in quotes or not. */
export function expandShell(line: string, paths: Paths): string {
  let quote: Quote = "none";
  const parts = piecesOf(line).map((piece) => {
    if (piece.kind === "reference") return quoted(textOf(piece, paths), quote);
    quote = quoteAfter(piece.written, quote);
    return textOf(piece, paths);
  });
  return parts.join("");
}

function textOf(piece: Piece, paths: Paths): string {
  switch (piece.kind) {
    case "text":
      return piece.written;
    case "escape":
      return "${";
    case "reference":
      return pathOf(paths, piece.scope, piece.name);
    default:
      return piece satisfies never;
  }
}

function pathOf(paths: Paths, scope: string, name: string): string {
  const path = scope === "inputs" || scope === "outputs" ? paths[scope][name] : undefined;
  if (path === undefined) throw new Error(`\${${scope}.${name}} passed the check and is not known`);
  return path;
}

type Quote = "none" | "single" | "double";

/** In which quotes a piece of shell ends that began in `quote`. */
function quoteAfter(piece: string, quote: Quote): Quote {
  let now = quote;
  for (let at = 0; at < piece.length; at++) {
    const sign = piece[at];
    if (sign === "\\" && now !== "single") at++;
    else if (sign === "'" && now !== "double") now = now === "single" ? "none" : "single";
    else if (sign === '"' && now !== "single") now = now === "double" ? "none" : "double";
  }
  return now;
}

function quoted(path: string, quote: Quote): string {
  switch (quote) {
    case "none":
      return /^[\w@%+=:,./-]+$/.test(path) ? path : `'${path.replaceAll("'", "'\\''")}'`;
    case "single":
      return path.replaceAll("'", "'\\''");
    case "double":
      return path.replaceAll(/["\\$`]/g, (sign) => `\\${sign}`);
    default:
      return quote satisfies never;
  }
}
