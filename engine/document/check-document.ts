import type { JsonObject } from "../json.ts";
import type { StepType } from "../step-type.ts";
import { checkSchema, type Mismatch } from "./check.ts";
import type { ReportMistake, StepDraft } from "./connect.ts";
import { descend, entryOf, isMap, type MapNode, type Mark, type Node, toJson, walk } from "./node.ts";
import { resolveParams } from "./params.ts";
import type { Places } from "./places.ts";
import { namePattern } from "./reference.ts";
import { documentSchema } from "./schema.ts";
import { replaceTooLarge, spellOut } from "./spelling.ts";
import { type Params, substitute } from "./substitute.ts";
import { suggest } from "./suggest.ts";
import { withVariables } from "./variables.ts";

interface CheckOptions {
  readonly types: ReadonlyMap<string, StepType>;
  readonly text: string;
  readonly places: Places;
  readonly report: ReportMistake;
  /** Whether a path as it is written is a file. */
  isFile(path: string): boolean;
  /** Bytes that a process may take on this machine. */
  readonly memory: number;
}

/** A step with its parameters substituted and, where they are good, completed. */
export interface CheckedStep extends StepDraft {
  readonly uses: string;
  readonly params: JsonObject;
  readonly with: Node;
}

export interface CheckedDocument {
  readonly steps: readonly CheckedStep[];
  /** Resolved. */
  readonly params: Params;
}

/** The document's own shape and names, then step by step. */
export function checkDocument(root: MapNode, options: CheckOptions): CheckedDocument {
  const { report } = options;
  const broken = reportMismatches(root, checkSchema(documentSchema, toJson(root)), { report });
  const name = entryOf(root, "name")?.value;
  if (name?.kind === "scalar" && typeof name.value === "string") checkName(name.value, name.mark, report);
  const written = entryOf(root, "params")?.value;
  for (const entry of isMap(written) ? written.entries : []) checkName(entry.name, entry.mark, report);
  const within = (whole: Mark, piece: string): Mark => narrow(whole, { piece, nth: 0 }, options.text);
  const params = resolveParams(written, { report, within });
  const steps = entryOf(root, "steps")?.value;
  if (!isMap(steps)) return { steps: [], params };
  // Only what is wrong with the parameters themselves keeps them from being looked into.
  const unfit = new Set(
    broken.flatMap(([top, step, part]) => (top === "steps" && part === "with" ? [step] : [])),
  );
  const checked = steps.entries.map(({ name: id, mark, value }) => {
    checkName(id, mark, report);
    return checkStep({ id, mark, node: value, params, written, whole: !unfit.has(id) }, options);
  });
  return { steps: checked, params };
}

const validName = new RegExp(namePattern);
/** Files and folders are named after it, with a date or an ending: disks take 255 bytes. */
const LONGEST_NAME = 200;

function checkName(name: string, mark: Mark, report: ReportMistake): void {
  if (!validName.test(name)) {
    report("bad-name", `"${name}" cannot be a name`, mark, "letters, digits, - and _, a letter first");
  } else if (name.length > LONGEST_NAME) {
    const message = `a name of ${name.length} characters is too long`;
    report("bad-name", message, mark, `${LONGEST_NAME} at most: files are named after it`);
  }
}

interface RawStep {
  readonly id: string;
  readonly mark: Mark;
  readonly node: Node;
  readonly params: Params;
  /** The pipeline's params as they stand in the file. */
  readonly written: Node | undefined;
  /** Whether its `with` is a map. */
  readonly whole: boolean;
}

function checkStep({ id, mark, node, params, written, whole }: RawStep, options: CheckOptions): CheckedStep {
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
  const given = entryOf(node, "with")?.value;
  const empty: Node = { kind: "map", mark, entries: [] };
  const within = (whole: Mark, piece: string, nth = 0): Mark => narrow(whole, { piece, nth }, text);
  const rawWith = isMap(given) ? given : empty;
  const outputNames = type ? outputsOf(type, toJson(rawWith) as JsonObject) : [];
  const templates = type?.templates && {
    inputs: inputNames,
    outputs: outputNames ?? [],
    keepsValuesApart: type.templates.keepsValuesApart,
  };
  const filled = substitute(rawWith, { params, within, report, ...(templates ? { templates } : {}) });
  const spelled = spellOut(withVariables(filled, type, { params, report }), type?.params);
  const substituted = replaceTooLarge(spelled, (number) => refuseTooLarge(number, report));
  const inputs = rawInputs && substitute(rawInputs, { params, within, report });
  const draft = { id, mark, uses: typeName, with: substituted, inputs, ...(type ? { type } : {}) };
  if (type === undefined || !whole) return { ...draft, params: {} };

  const values = toJson(substituted) as JsonObject;
  const mismatches = checkSchema(type.params, values);
  reportMismatches(substituted, mismatches, {
    report,
    origin: originOf(written, places),
    rootMark: mark,
  });
  const isBroken = [...walk(substituted)].some(({ node: inner }) => inner.kind === "broken");
  // What does not belong there keeps nobody from looking at the rest.
  const isUsable = !isBroken && mismatches.every(({ code }) => code === "unknown-property");
  if (!isUsable) {
    const outputs = isBroken ? undefined : outputsOf(type, values);
    return { ...draft, params: values, ...(outputs ? { outputs } : {}) };
  }
  const facts = { inputs: inputPaths(inputs), isFile: options.isFile, memory: options.memory };
  for (const mistake of type.check?.(values, new Set(inputNames), facts) ?? []) {
    const { path, message, hint, piece, nth, code = "wrong-value" } = mistake;
    const { node: at, entry } = descend(substituted, path);
    const place =
      path.length === 0 ? mark : piece === undefined ? (entry?.mark ?? at.mark) : within(at.mark, piece, nth);
    report(code, message, place, hint);
  }
  const normalized = type.normalize?.(values) ?? values;
  return { ...draft, params: normalized, outputs: type.outputs(normalized) };
}

function refuseTooLarge({ mark, spelling }: Node & { readonly kind: "scalar" }, report: ReportMistake): Node {
  const message = `${spelling} is larger than a number can be without rounding`;
  report("wrong-value", message, mark, `for a name or an id, write it as text: "${spelling}"`);
  return { kind: "broken", mark };
}

/** The paths among the inputs, as they are written. */
function inputPaths(inputs: Node | undefined): readonly string[] {
  return (isMap(inputs) ? inputs.entries : []).flatMap(({ value }) => {
    const path = isMap(value) ? entryOf(value, "path")?.value : value;
    return path?.kind === "scalar" && typeof path.value === "string" ? [path.value] : [];
  });
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
export function reportMismatches(
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

interface Part {
  readonly piece: string;
  /** Which of those that read so, from 0. */
  readonly nth: number;
}

/** The range of a piece of text inside a marked value. */
function narrow(mark: Mark, { piece, nth }: Part, text: string): Mark {
  if (mark.kind === "option") return mark;
  let at = text.indexOf(piece, mark.start);
  for (let left = nth; left > 0 && at >= 0; left--) at = text.indexOf(piece, at + 1);
  return at < 0 || at >= mark.end ? mark : { kind: "file", start: at, end: at + piece.length };
}
