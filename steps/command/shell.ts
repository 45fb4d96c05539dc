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

export type ShellName = "sh" | "bash";

/**
 * Reads a shell line as the shell will: each reference as an expansion of a
 * variable, so that the parser says where the shell expands and where it does
 * not. Whatever stands beside it (comments, here-documents, quotes within `$( )`)
 * is the parser's business.
 */
export function readShellLine(pieces: readonly Piece[], shell: ShellName): ShellLine {
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
  const visiting: Visit = { found, shell, isMisread: false };
  visit(script, "word", visiting);
  const [error] = script.errors ?? [];
  if (error !== undefined || visiting.isMisread) {
    const construct = error
      ? `a line that cannot be read (${error.message})`
      : "a line with \\' in $'…', which only bash knows";
    return { kind: "refused", refusals: references.map((reference) => ({ reference, construct })) };
  }
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

interface Visit {
  readonly found: Map<string, Place>;
  readonly shell: ShellName;
  /** Whether the shell may end quotes where the parser does not. */
  isMisread: boolean;
}

/** Where what is visited stands; or the construct that leaves no place for a value. */
type Around = "word" | "quoted" | "here-document" | { readonly construct: string };

/** Fields that the parser fills when they are asked for. */
const onDemand = ["parts", "expression", "initialize", "test", "update"];

/** Notes where each probe stands. */
function visit(node: unknown, around: Around, visiting: Visit): void {
  if (Array.isArray(node)) {
    for (const item of node) visit(item, around, visiting);
    return;
  }
  if (typeof node !== "object" || node === null) return;
  const fields = node as Readonly<Record<string, unknown>>;
  note(fields, around, visiting);
  const inside = insideOf(fields, around, visiting.shell);
  for (const [name, value] of Object.entries(fields)) visit(value, inside(name), visiting);
  for (const name of onDemand) {
    if (!Object.hasOwn(fields, name)) visit(fields[name], inside(name), visiting);
  }
}

function note(fields: Readonly<Record<string, unknown>>, around: Around, visiting: Visit): void {
  const { found, shell } = visiting;
  const { type, parameter, text, content, heredocQuoted } = fields;
  if (type === "ParameterExpansion" && typeof parameter === "string" && isProbe(parameter)) {
    const place = typeof around === "object" ? around.construct : around === "word" ? "word" : "quoted";
    // The first time is the real one: some nodes repeat the text of others.
    if (!found.has(parameter)) found.set(parameter, place);
  }
  if (type === "SingleQuoted") noteAll(text, "single quotes", found);
  if (type === "AnsiCQuoted") {
    noteAll(text, "$'…' quotes", found);
    visiting.isMisread ||= shell === "sh" && String(text).includes("\\'");
  }
  if (heredocQuoted === true) noteAll(content, "a here-document whose delimiter is quoted", found);
}

function noteAll(text: unknown, construct: string, found: Map<string, Place>): void {
  for (const [name] of String(text).matchAll(/__flow_reference_\d+__/g)) found.set(name, construct);
}

function isProbe(name: string): boolean {
  return /^__flow_reference_\d+__$/.test(name);
}

/** Where the fields of a node stand. */
function insideOf(
  { type, operator }: Readonly<Record<string, unknown>>,
  around: Around,
  shell: ShellName,
): (field: string) => Around {
  if (typeof around === "object") return () => around;
  switch (type) {
    case "DoubleQuoted":
    case "LocaleString":
      return () => "quoted";
    case "ArithmeticExpansion":
      return () => "quoted";
    case "ArithmeticFor":
      return (field) => (field === "body" ? around : "quoted");
    case "ArithmeticCommand":
      return () => (shell === "bash" ? "quoted" : { construct: "((…)), which only bash knows" });
    case "CommandExpansion":
    case "ProcessSubstitution":
    case "ArithmeticCommandExpansion":
      return () => "word";
    case "ParameterExpansion":
      return (field) => (field === "operand" || field === "replace" ? operandOf(operator, around) : around);
    default:
      // A here-document's text expands as in double quotes.
      return (field) =>
        field === "body" && (operator === "<<" || operator === "<<-") ? "here-document" : around;
  }
}

/** In what the word behind the operator of `${name…}` stands. */
function operandOf(operator: unknown, around: Around & string): Around {
  switch (operator) {
    case "-":
    case ":-":
    case "+":
    case ":+":
    case "?":
    case ":?":
      return around;
    case "=":
    case ":=":
      // Outside quotes the shell splits what it has assigned.
      return around === "word" ? { construct: `\${…${operator}…} outside double quotes` } : around;
    case "#":
    case "##":
    case "%":
    case "%%":
      // A pattern: only quotes of its own make it mean itself, also within double quotes.
      return around === "here-document" ? { construct: "a pattern in a here-document" } : "word";
    default:
      return { construct: `\${…${operator}…}, which shells read differently` };
  }
}

/** A probe that the parser does not show stands in a comment, where it does no harm; else nobody knows. */
function commentOr(text: string, name: string): Place {
  const before = text.slice(0, text.indexOf(`\${${name}`));
  if (/(?<!\\)(?:\\\\)*\\$/.test(before)) return "the place behind a backslash";
  const line = before.slice(before.lastIndexOf("\n") + 1);
  return /(^|[\s;&|()])#/.test(line) ? "quoted" : "a place that the shell may not expand";
}
