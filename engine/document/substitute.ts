import type { DiagnosticCode } from "./diagnostic.ts";
import { entryOf, type Mark, type Node } from "./node.ts";
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

const reference = /\$\$\{|\$\{([^{}]*)\}|\$\{/g;

function substituteText(text: string, mark: Mark, options: SubstituteOptions): Node {
  if (!text.includes("${")) return { kind: "scalar", value: text, mark };
  const whole = /^\$\{params\.([^{}]*)\}$/.exec(text);
  if (whole !== null) return paramOf(whole[1] as string, text, mark, options);
  let broken = false;
  const value = text.replaceAll(reference, (found: string, inside: string | undefined) => {
    if (found === "$${") return options.templates ? found : "${";
    const replaced = replacement(found, inside, mark, options);
    broken ||= replaced === undefined;
    return replaced ?? "";
  });
  return broken ? { kind: "broken", mark } : { kind: "scalar", value, mark };
}

/** The text that takes a reference's place; `undefined` where a mistake was reported. */
function replacement(
  found: string,
  inside: string | undefined,
  mark: Mark,
  options: SubstituteOptions,
): string | undefined {
  const { templates, report, within } = options;
  const [kind, name = ""] = [inside?.split(".")[0], inside?.slice(inside.indexOf(".") + 1)];
  if (templates && (kind === "inputs" || kind === "outputs") && inside?.includes(".")) {
    if (templates[kind].includes(name)) return found;
    const hint = suggest(name, templates[kind], kind);
    report(
      "bad-reference",
      `${found}: the step has no ${kind.slice(0, -1)} "${name}"`,
      within(mark, found),
      hint,
    );
    return undefined;
  }
  if (kind !== "params" || !inside?.includes(".")) {
    const forms = templates ? "${params.x}, ${inputs.x} and ${outputs.x}" : "${params.x}";
    const hint = "write $${ for a literal ${";
    report("bad-reference", `${found} is no reference; there are ${forms}`, within(mark, found), hint);
    return undefined;
  }
  const param = paramOf(name, found, mark, options);
  if (param.kind === "broken") return undefined;
  if (param.kind !== "scalar") {
    const message = `${found} is a ${param.kind}: inside text only plain values can stand`;
    report("bad-reference", message, within(mark, found));
    return undefined;
  }
  return String(param.value);
}

/** The param's value at the place where it is used. */
function paramOf(name: string, found: string, mark: Mark, options: SubstituteOptions): Node {
  const { params, templates } = options;
  const entry = entryOf(params, name);
  if (entry !== undefined) {
    const value = templates ? escaped(entry.value) : entry.value;
    return { ...value, mark, param: name };
  }
  const names = params?.kind === "map" ? params.entries.map((other) => other.name) : [];
  const message = `${found}: the pipeline has no param "${name}"`;
  options.report("unknown-param", message, options.within(mark, found), suggest(name, names, "params"));
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
      // A function, because $$ in a replacement is a single $.
      return typeof node.value === "string"
        ? { ...node, value: node.value.replaceAll("${", () => "$${") }
        : node;
    case "broken":
      return node;
    default:
      return node satisfies never;
  }
}
