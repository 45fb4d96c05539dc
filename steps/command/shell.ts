import { parse } from "unbash";
import type { Piece } from "../../engine/document/reference.ts";

/** A shell line with its references where they can be put in, or why they cannot. */
export type ShellLine =
  | { readonly kind: "understood"; readonly parts: readonly ShellPart[] }
  | { readonly kind: "refused"; readonly refusals: readonly Refusal[] };

export type ShellPart =
  | { readonly kind: "text"; readonly text: string }
  /** Stands where the shell expands `${variable}`. `word`: outside quotes, where it would split what it expands. */
  | { readonly kind: "reference"; readonly reference: Reference; readonly place: "word" | "quoted" };

export interface Refusal {
  readonly reference: Reference;
  /** What it stands in: "single quotes", "a here-document whose delimiter is quoted". */
  readonly construct: string;
}

export type Reference = Piece & { readonly kind: "reference" };

/**
 * Reads a shell line as the shell will: each reference as an expansion of a
 * variable, so that the parser says where the shell expands and where it does
 * not. Whatever stands beside it (comments, here-documents, quotes within `$( )`)
 * is the parser's business.
 */
export function readShellLine(pieces: readonly Piece[]): ShellLine {
  const references = pieces.filter((piece) => piece.kind === "reference");
  const probe = pieces
    .map((piece) => {
      if (piece.kind === "reference") return `\${${probeName(references.indexOf(piece))}}`;
      return piece.kind === "escape" ? "${" : piece.written;
    })
    .join("");
  if (references.length === 0) return { kind: "understood", parts: [{ kind: "text", text: probe }] };
  const found = new Map<string, Place>();
  const script = parse(probe);
  const [error] = script.errors ?? [];
  if (error !== undefined) {
    const construct = `a line that cannot be read (${error.message})`;
    return { kind: "refused", refusals: references.map((reference) => ({ reference, construct })) };
  }
  visit(script, "word", found);
  const refusals = references.flatMap((reference, at): Refusal[] => {
    const place = found.get(probeName(at)) ?? commentOr(probe, probeName(at));
    return place === "word" || place === "quoted" ? [] : [{ reference, construct: place }];
  });
  if (refusals.length > 0) return { kind: "refused", refusals };
  const parts = pieces.map((piece): ShellPart => {
    if (piece.kind !== "reference")
      return { kind: "text", text: piece.kind === "escape" ? "${" : piece.written };
    const place = found.get(probeName(references.indexOf(piece))) === "word" ? "word" : "quoted";
    return { kind: "reference", reference: piece, place };
  });
  return { kind: "understood", parts };
}

/** `word` and `quoted`, or the name of what does not expand. */
type Place = string;

function probeName(at: number): string {
  return `__flow_reference_${at}__`;
}

/** Notes where each probe stands. Words show their parts only when they are asked for. */
function visit(node: unknown, place: "word" | "quoted", found: Map<string, Place>): void {
  if (Array.isArray(node)) {
    for (const item of node) visit(item, place, found);
    return;
  }
  if (typeof node !== "object" || node === null) return;
  const fields = node as Readonly<Record<string, unknown>>;
  note(fields, place, found);
  const inside = placeInside(fields, place);
  const isHereDocument = fields.operator === "<<" || fields.operator === "<<-";
  for (const [name, value] of Object.entries(fields)) {
    // A here-document's text expands as in double quotes.
    visit(value, name === "body" && isHereDocument ? "quoted" : inside, found);
  }
  if (!Object.hasOwn(fields, "parts")) visit(fields.parts, inside, found);
}

function note(fields: Readonly<Record<string, unknown>>, place: Place, found: Map<string, Place>): void {
  const { type, parameter, text, content, heredocQuoted } = fields;
  if (type === "ParameterExpansion" && typeof parameter === "string" && isProbe(parameter)) {
    // The first time is the real one: some nodes repeat the text of others.
    if (!found.has(parameter)) found.set(parameter, place);
  }
  if (type === "SingleQuoted") noteAll(text, "single quotes", found);
  if (type === "AnsiCQuoted") noteAll(text, "$'…' quotes", found);
  if (heredocQuoted === true) noteAll(content, "a here-document whose delimiter is quoted", found);
}

function noteAll(text: unknown, construct: string, found: Map<string, Place>): void {
  for (const [name] of String(text).matchAll(/__flow_reference_\d+__/g)) found.set(name, construct);
}

function isProbe(name: string): boolean {
  return /^__flow_reference_\d+__$/.test(name);
}

function placeInside(
  { type }: Readonly<Record<string, unknown>>,
  place: "word" | "quoted",
): "word" | "quoted" {
  switch (type) {
    case "DoubleQuoted":
    case "LocaleString":
    case "ArithmeticExpansion":
    case "ArithmeticCommand":
    case "ArithmeticFor":
      return "quoted";
    case "CommandExpansion":
    case "ProcessSubstitution":
    case "ArithmeticCommandExpansion":
      return "word";
    default:
      return place;
  }
}

/** A probe that the parser does not show stands in a comment, where it does no harm; else nobody knows. */
function commentOr(text: string, name: string): Place {
  const before = text.slice(0, text.indexOf(name));
  const line = before.slice(before.lastIndexOf("\n") + 1);
  return /(^|[\s;&|()])#/.test(line) ? "quoted" : "a place that the shell may not expand";
}
