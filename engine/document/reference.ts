/**
 * The one grammar of references: `${scope.name}`, and `$${` for a literal `${`.
 * A scope is `params`, and for step types with templates also `inputs` and `outputs`.
 */

/** What pipelines, steps, inputs, outputs and params may be called: names become folder names. */
export const namePattern = "^[A-Za-z][A-Za-z0-9_-]*$";

/** A piece of a text, in order; together they are the text. */
export type Piece =
  | { readonly kind: "text"; readonly at: number; readonly written: string }
  /** `$${`, which stands for `${`. */
  | { readonly kind: "escape"; readonly at: number; readonly written: string }
  | {
      readonly kind: "reference";
      readonly at: number;
      /** With its braces. */
      readonly written: string;
      /** Before the first dot; empty where there is none. */
      readonly scope: string;
      readonly name: string;
      /**
       * `${params.x="…"}`: the value that was put in, as JSON, where a step type
       * keeps values apart from the text around them. No user can write it.
       */
      readonly value?: string;
    };

const closed = "\\$\\{([^{}\\n]*)\\}";
const pattern = new RegExp(`\\$\\$\\{|${closed}|\\$\\{`, "g");
const atStart = new RegExp(`^${closed}`);

/** Takes a text apart. A `${` that is never closed is a reference without scope and name. */
export function piecesOf(text: string): readonly Piece[] {
  const pieces: Piece[] = [];
  let seen = 0;
  const plain = (end: number): void => {
    if (end > seen) pieces.push({ kind: "text", at: seen, written: text.slice(seen, end) });
  };
  for (const found of text.matchAll(pattern)) {
    const [written, inside = ""] = found;
    plain(found.index);
    seen = found.index + written.length;
    if (written === "$${") pieces.push({ kind: "escape", at: found.index, written });
    else pieces.push({ kind: "reference", at: found.index, written, ...partsOf(inside) });
  }
  plain(text.length);
  return pieces;
}

/** The reference that a text is as a whole, whose value keeps its type. */
export function wholeReference(text: string): (Piece & { kind: "reference" }) | undefined {
  const [piece, ...more] = piecesOf(text);
  return piece?.kind === "reference" && more.length === 0 ? piece : undefined;
}

/** The reference that begins at a position; `undefined` where none does. */
export function referenceAt(text: string, at: number): string | undefined {
  if (!text.startsWith("${", at)) return undefined;
  return atStart.exec(text.slice(at, at + 200))?.[0] ?? "${";
}

/** Makes a text one that means itself, wherever references are put in. */
export function escapeReferences(text: string): string {
  // A function, because $$ in a replacement is a single $.
  return text.replaceAll("${", () => "$${");
}

/** For editors: a text that holds a reference to a param. */
export const paramReferencePattern = `\\$\\{params\\.${namePattern.slice(1, -1)}\\}`;

/** A reference with its value, to be taken apart again by `piecesOf`. */
export function withValue(
  { scope, name }: { readonly scope: string; readonly name: string },
  value: string,
): string {
  // As JSON with escapes, so that no brace or line end stands in it.
  const json = JSON.stringify(value).replaceAll(/[{}]/g, (brace) => (brace === "{" ? "\\u007b" : "\\u007d"));
  return `\${${scope}.${name}=${json}}`;
}

function partsOf(inside: string): { readonly scope: string; readonly name: string; readonly value?: string } {
  const dot = inside.indexOf(".");
  if (dot < 0) return { scope: "", name: "" };
  const scope = inside.slice(0, dot);
  const [name = "", ...value] = inside.slice(dot + 1).split("=");
  if (value.length === 0) return { scope, name };
  try {
    return { scope, name, value: String(JSON.parse(value.join("="))) };
  } catch {
    return { scope, name: inside.slice(dot + 1) };
  }
}
