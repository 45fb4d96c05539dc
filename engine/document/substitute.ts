import type { DiagnosticCode } from "./diagnostic.ts";
import { entryOf, type Mark, type Node } from "./node.ts";
import { escapeReferences, type Piece, piecesOf, wholeReference } from "./reference.ts";
import { suggest } from "./suggest.ts";

export interface SubstituteOptions {
  /** The pipeline's `params`. */
  readonly params: Node | undefined;
  /** For types with templates: the names that `${inputs.x}` and `${outputs.x}` may use; such text is left to the step. */
  readonly templates?: { readonly inputs: readonly string[]; readonly outputs: readonly string[] };
  /** Narrows a mark to a piece of text inside it. */
  within(mark: Mark, text: string): Mark;
  report(code: DiagnosticCode, message: string, mark: Mark, hint?: string): void;
}

/** Replaces `${params.x}` by values; `$${` is a literal `${`. */
export function substitute(node: Node, options: SubstituteOptions): Node {
  switch (node.kind) {
    case "map":
      return {
        ...node,
        entries: node.entries.map((entry) => ({ ...entry, value: substitute(entry.value, options) })),
      };
    case "list":
      return { ...node, items: node.items.map((item) => substitute(item, options)) };
    case "scalar":
      return typeof node.value === "string" ? substituteText(node.value, node.mark, options) : node;
    case "broken":
      return node;
    default:
      return node satisfies never;
  }
}

function substituteText(text: string, mark: Mark, options: SubstituteOptions): Node {
  if (!text.includes("${")) return { kind: "scalar", value: text, mark };
  const whole = wholeReference(text);
  if (whole?.scope === "params") return paramOf(whole, mark, options);
  let broken = false;
  const parts = piecesOf(text).map((piece) => {
    switch (piece.kind) {
      case "text":
        return piece.written;
      case "escape":
        return options.templates ? piece.written : "${";
      case "reference": {
        const replaced = replacement(piece, mark, options);
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
function replacement(reference: Reference, mark: Mark, options: SubstituteOptions): string | undefined {
  const { templates, report, within } = options;
  const { written, scope, name } = reference;
  if (templates && (scope === "inputs" || scope === "outputs")) {
    if (templates[scope].includes(name)) return written;
    const hint = suggest(name, templates[scope], scope);
    const message = `${written}: the step has no ${scope.slice(0, -1)} "${name}"`;
    report("bad-reference", message, within(mark, written), hint);
    return undefined;
  }
  if (scope !== "params") {
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
  return String(param.value);
}

/** The param's value at the place where it is used. */
function paramOf({ name, written }: Reference, mark: Mark, options: SubstituteOptions): Node {
  const { params, templates } = options;
  const entry = entryOf(params, name);
  if (entry !== undefined) {
    const value = templates ? escaped(entry.value) : entry.value;
    return { ...value, mark, param: name };
  }
  const names = params?.kind === "map" ? params.entries.map((other) => other.name) : [];
  const message = `${written}: the pipeline has no param "${name}"`;
  options.report("unknown-param", message, options.within(mark, written), suggest(name, names, "params"));
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
