/** Absolute paths by name. */
export interface Paths {
  readonly inputs: Readonly<Record<string, string>>;
  readonly outputs: Readonly<Record<string, string>>;
}

const reference = /\$\$\{|\$\{(inputs|outputs)\.([A-Za-z][A-Za-z0-9_-]*)\}/g;

/** Puts paths where `${inputs.name}` and `${outputs.name}` stand; `$${` is a literal `${`. */
export function expand(text: string, paths: Paths): string {
  return text.replaceAll(reference, (found, kind, name) =>
    found === "$${" ? "${" : pathOf(paths, kind, name),
  );
}

/** The same for a line of POSIX shell: a path is one word, whether it stands in quotes or not. */
export function expandShell(line: string, paths: Paths): string {
  let quote: Quote = "none";
  let seen = 0;
  return line.replaceAll(reference, (found, kind, name, at: number) => {
    quote = quoteAfter(line.slice(seen, at), quote);
    seen = at + found.length;
    return found === "$${" ? "${" : quoted(pathOf(paths, kind, name), quote);
  });
}

function pathOf(paths: Paths, kind: keyof Paths, name: string): string {
  const path = paths[kind][name];
  if (path === undefined) throw new Error(`\${${kind}.${name}} passed the check and is not known`);
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
