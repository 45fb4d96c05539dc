import type { JsonObject } from "../json.ts";
import type { StepType } from "../step-type.ts";
import { checkSchema, type Mismatch } from "./check.ts";
import type { ReportMistake, StepDraft } from "./connect.ts";
import { descend, entryOf, isMap, type MapNode, type Mark, type Node, toJson, walk } from "./node.ts";
import type { Places } from "./places.ts";
import { namePattern } from "./reference.ts";
import { documentSchema } from "./schema.ts";
import { substitute } from "./substitute.ts";
import { suggest } from "./suggest.ts";

interface CheckOptions {
  readonly types: ReadonlyMap<string, StepType>;
  readonly text: string;
  readonly places: Places;
  readonly report: ReportMistake;
}

/** A step with its parameters substituted and, where they are good, completed. */
export interface CheckedStep extends StepDraft {
  readonly uses: string;
  readonly params: JsonObject;
  readonly with: Node;
}

/** The document's own shape and names, then step by step. */
export function checkDocument(root: MapNode, options: CheckOptions): readonly CheckedStep[] {
  const { report } = options;
  const broken = reportMismatches(root, checkSchema(documentSchema, toJson(root)), { report });
  const name = entryOf(root, "name")?.value;
  if (name?.kind === "scalar" && typeof name.value === "string") checkName(name.value, name.mark, report);
  const params = entryOf(root, "params")?.value;
  for (const entry of isMap(params) ? params.entries : []) checkName(entry.name, entry.mark, report);
  const steps = entryOf(root, "steps")?.value;
  if (!isMap(steps)) return [];
  return steps.entries.map(({ name: id, mark, value }) => {
    checkName(id, mark, report);
    const whole = !broken.some(([top, step]) => top === "steps" && (step === id || step === undefined));
    return checkStep({ id, mark, node: value, params, whole }, options);
  });
}

const validName = new RegExp(namePattern);

function checkName(name: string, mark: Mark, report: ReportMistake): void {
  if (validName.test(name)) return;
  report("bad-name", `"${name}" cannot be a name`, mark, "letters, digits, - and _, a letter first");
}

interface RawStep {
  readonly id: string;
  readonly mark: Mark;
  readonly node: Node;
  readonly params: Node | undefined;
  /** Whether its shape is as it should be. */
  readonly whole: boolean;
}

function checkStep({ id, mark, node, params, whole }: RawStep, options: CheckOptions): CheckedStep {
  const { types, places, report, text } = options;
  const uses = entryOf(node, "uses")?.value;
  const typeName = uses?.kind === "scalar" && typeof uses.value === "string" ? uses.value : "";
  const type = types.get(typeName);
  if (type === undefined && uses?.kind === "scalar" && typeName !== "") {
    const hint = suggest(typeName, [...types.keys()], "step types");
    report("unknown-step-type", `there is no step type "${typeName}"`, uses.mark, hint);
  }
  const rawInputs = entryOf(node, "inputs")?.value;
  const inputNames = isMap(rawInputs) ? rawInputs.entries.map((entry) => entry.name) : [];
  for (const entry of isMap(rawInputs) ? rawInputs.entries : []) checkName(entry.name, entry.mark, report);
  const written = entryOf(node, "with")?.value;
  const empty: Node = { kind: "map", mark, entries: [] };
  const within = (whole: Mark, piece: string): Mark => narrow(whole, piece, text);
  const rawWith = isMap(written) ? written : empty;
  const outputNames = type ? outputsOf(type, toJson(rawWith) as JsonObject) : [];
  const templates = type?.templates ? { inputs: inputNames, outputs: outputNames ?? [] } : undefined;
  const substituted = substitute(rawWith, { params, within, report, ...(templates ? { templates } : {}) });
  const inputs = rawInputs && substitute(rawInputs, { params, within, report });
  const draft = { id, mark, uses: typeName, with: substituted, inputs, ...(type ? { type } : {}) };
  if (type === undefined || !whole) return { ...draft, params: {} };

  const values = toJson(substituted) as JsonObject;
  const mismatches = checkSchema(type.params, values);
  const bad = reportMismatches(substituted, mismatches, {
    report,
    origin: originOf(params, places),
    rootMark: mark,
  });
  const isBroken = [...walk(substituted)].some(({ node: inner }) => inner.kind === "broken");
  if (bad.length > 0 || isBroken) {
    const outputs = isBroken ? undefined : outputsOf(type, values);
    return { ...draft, params: values, ...(outputs ? { outputs } : {}) };
  }
  for (const { path, message, hint } of type.check?.(values, new Set(inputNames)) ?? []) {
    const { node: at, entry } = descend(substituted, path);
    report("wrong-value", message, path.length === 0 ? mark : (entry?.mark ?? at.mark), hint);
  }
  return { ...draft, params: values, outputs: type.outputs(values) };
}

/** The outputs, where the parameters are good enough to tell. */
function outputsOf(type: StepType, params: JsonObject): readonly string[] | undefined {
  const names = type.outputs(params);
  return names.every((name) => typeof name === "string" && validName.test(name)) ? names : undefined;
}

interface MismatchReport {
  readonly report: ReportMistake;
  /** Where a value came from, in words. */
  readonly origin?: (node: Node) => string | undefined;
  /** What to mark where the whole value is meant. */
  readonly rootMark?: Mark;
}

/** Reports what does not fit and has not been reported yet; returns the paths. */
function reportMismatches(
  root: Node,
  mismatches: readonly Mismatch[],
  { report, origin, rootMark = root.mark }: MismatchReport,
): readonly (readonly string[])[] {
  const brokenPaths = [...walk(root)].filter(({ node }) => node.kind === "broken").map(({ path }) => path);
  const told = mismatches.filter(({ path }) => !brokenPaths.some((broken) => overlaps(broken, path)));
  for (const { code, message, path, at, hint } of told) {
    const { node, entry } = descend(root, path);
    const mark = path.length === 0 ? rootMark : at === "name" ? (entry?.mark ?? node.mark) : node.mark;
    report(code, message, mark, [hint, origin?.(node)].filter(Boolean).join("; ") || undefined);
  }
  return told.map(({ path }) => path);
}

function overlaps(a: readonly string[], b: readonly string[]): boolean {
  return a.slice(0, b.length).join("\n") === b.slice(0, a.length).join("\n");
}

/** Where a value came from that was not written where it is used. */
function originOf(params: Node | undefined, places: Places): (node: Node) => string | undefined {
  return ({ param }) => {
    if (param === undefined) return undefined;
    const mark = entryOf(params, param)?.value.mark;
    const line = mark && places.line(mark);
    return `the value comes from params.${param}${line === undefined ? "" : `, line ${line}`}`;
  };
}

/** The range of a piece of text inside a marked value. */
function narrow(mark: Mark, piece: string, text: string): Mark {
  if (mark.kind === "option") return mark;
  const at = text.indexOf(piece, mark.start);
  return at < 0 || at >= mark.end ? mark : { kind: "file", start: at, end: at + piece.length };
}
