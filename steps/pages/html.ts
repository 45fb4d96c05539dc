import { printable } from "../../engine/printable.ts";

/** A piece of a page that is safe as it stands. Only `html` makes one. */
export class Html {
  readonly text: string;
  constructor(text: string) {
    this.text = text;
  }
}

/** What may stand in a page: text is escaped, nothing is left out. */
export type Piece = Html | string | number | undefined | readonly Piece[];

/**
 * A template for HTML and the SVG within it. Whatever is put in is text, in elements
 * and in quoted attributes alike, unless it came from here; controls, also those
 * that turn the direction of text, are shown and do not act. Nothing may be put
 * into a style or script element or into an attribute without quotes.
 */
export function html(strings: TemplateStringsArray, ...pieces: readonly Piece[]): Html {
  let text = strings[0] as string;
  for (const [at, piece] of pieces.entries()) text += textOf(piece) + (strings[at + 1] as string);
  return new Html(text);
}

function textOf(piece: Piece): string {
  if (piece === undefined) return "";
  if (piece instanceof Html) return piece.text;
  if (typeof piece === "number") return String(piece);
  if (typeof piece === "string") return escaped(piece);
  return piece.map(textOf).join("");
}

const marks: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};

function escaped(text: string): string {
  return printable(text).replaceAll(/[&<>"']/g, (mark) => marks[mark] as string);
}
