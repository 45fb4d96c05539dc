import type { DiagnosticCode } from "./diagnostic.ts";
import type { Mark, Node } from "./node.ts";
import { escapeReferences, type Piece, piecesOf, wholeReference, withValue } from "./reference.ts";
import { suggest } from "./suggest.ts";

export interface SubstituteOptions {
  readonly params: Params;
  /** For types with templates, whose text is left to the step. */
  readonly templates?: Templates;
  /** Narrows a mark to a piece of text inside it. */
  within(mark: Mark, text: string): Mark;
  report(code: DiagnosticCode, message: string, mark: Mark, hint?: string): void;
}

/** The pipeline's params. */
export interface Params {
  readonly names: readonly string[];
  /** With what it is made of put in; `undefined` where there is no such param. */
  value(name: string): Node | undefined;
  /** The same, to be put in at a place: how much of it there can be in a document has an end. */
  put(name: string, mark: Mark): Node | undefined;
}

export interface Templates {
  /** The names that `${inputs.x}` and `${outputs.x}` may use. */
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  /** Whether values stay apart from the text around them: it is read by a program, as a shell line is. */
  keepsValuesApart(path: readonly string[]): boolean;
}

/** Replaces `${params.x}` by values; `$${` is a literal `${`. */
export function substitute(node: Node, options: SubstituteOptions, path: readonly string[] = []): Node {
  switch (node.kind) {
    case "map":
      return {
        ...node,
        entries: node.entries.map((entry) => ({
          ...entry,
          value: substitute(entry.value, options, [...path, entry.name]),
        })),
      };
    case "list":
      return {
        ...node,
        items: node.items.map((item, at) => substitute(item, options, [...path, String(at)])),
      };
    case "scalar":
      return typeof node.value === "string" ? substituteText(node.value, node.mark, options, path) : node;
    case "broken":
      return node;
    default:
      return node satisfies never;
  }
}

function substituteText(text: string, mark: Mark, options: SubstituteOptions, path: readonly string[]): Node {
  if (!text.includes("${")) return { kind: "scalar", value: text, mark };
  const apart = options.templates?.keepsValuesApart(path) === true;
  const whole = wholeReference(text);
  // Also where it is apart: a line that is nothing but a param is a line.
  if (whole?.scope === "params" && whole.value === undefined) return paramOf(whole, mark, options);
  let broken = false;
  const parts = piecesOf(text).map((piece) => {
    switch (piece.kind) {
      case "text":
        return piece.written;
      case "escape":
        return options.templates ? piece.written : "${";
      case "reference": {
        const replaced = replacement(piece, mark, options, apart);
        broken ||= replaced === undefined;
        return replaced ?? "";
      }
      default:
        return piece satisfies never;
    }
  });
  return broken ? { kind: "broken", mark } : { kind: "scalar", value: parts.join(""), mark };
}

type Reference = Piece & { readonly kind: "reference" };

/** The text that takes a reference's place; `undefined` where a mistake was reported. */
function replacement(
  reference: Reference,
  mark: Mark,
  options: SubstituteOptions,
  apart: boolean,
): string | undefined {
  const { templates, report, within } = options;
  const { written, scope, name, value } = reference;
  if (templates && (scope === "inputs" || scope === "outputs") && value === undefined) {
    if (templates[scope].includes(name)) return written;
    const hint = suggest(name, templates[scope], scope);
    const message = `${written}: the step has no ${scope.slice(0, -1)} "${name}"`;
    report("bad-reference", message, within(mark, written), hint);
    return undefined;
  }
  if (scope !== "params" || value !== undefined) {
    const forms = templates ? "${params.x}, ${inputs.x} and ${outputs.x}" : "${params.x}";
    const hint = "write $${ for a literal ${";
    report("bad-reference", `${written} is no reference; there are ${forms}`, within(mark, written), hint);
    return undefined;
  }
  const param = paramOf(reference, mark, options);
  if (param.kind === "broken") return undefined;
  if (param.kind !== "scalar") {
    const message = `${written} is a ${param.kind}: inside text only plain values can stand`;
    report("bad-reference", message, within(mark, written));
    return undefined;
  }
  const text = param.spelling ?? String(param.value);
  return apart ? withValue(reference, unescaped(text, templates)) : text;
}

/** The param's value at the place where it is used. */
function paramOf({ name, written }: Reference, mark: Mark, options: SubstituteOptions): Node {
  const { params, templates } = options;
  const known = params.put(name, mark);
  if (known !== undefined) return { ...(templates ? escaped(known) : known), mark, param: name };
  const message = `${written}: the pipeline has no param "${name}"`;
  options.report(
    "unknown-param",
    message,
    options.within(mark, written),
    suggest(name, params.names, "params"),
  );
  return { kind: "broken", mark };
}

/** A step with templates expands references itself: what comes from a param must not look like one. */
function escaped(node: Node): Node {
  switch (node.kind) {
    case "map":
      return { ...node, entries: node.entries.map((entry) => ({ ...entry, value: escaped(entry.value) })) };
    case "list":
      return { ...node, items: node.items.map(escaped) };
    case "scalar":
      return typeof node.value === "string" ? { ...node, value: escapeReferences(node.value) } : node;
    case "broken":
      return node;
    default:
      return node satisfies never;
  }
}

function unescaped(text: string, templates: Templates | undefined): string {
  return templates ? text.replaceAll("$${", () => "${") : text;
}
