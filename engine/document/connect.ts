import type { StepType } from "../step-type.ts";
import type { DiagnosticCode } from "./diagnostic.ts";
import { entryOf, isMap, type Mark, type Node } from "./node.ts";
import type { InputSource } from "./pipeline.ts";
import type { Places } from "./places.ts";
import { circleText, suggest } from "./suggest.ts";

/** A step as far as it could be understood. */
export interface StepDraft {
  readonly id: string;
  /** Of the id. */
  readonly mark: Mark;
  readonly type?: StepType;
  /** Absent where its parameters have mistakes: then nobody can say which outputs it has. */
  readonly outputs?: readonly string[];
  /** Substituted. */
  readonly inputs: Node | undefined;
}

export type ReportMistake = (code: DiagnosticCode, message: string, mark: Mark, hint?: string) => void;

export interface ConnectOptions {
  readonly steps: readonly StepDraft[];
  readonly places: Places;
  readonly report: ReportMistake;
  exists(path: string): boolean;
  /** For hints. */
  readonly userHome: string | undefined;
}

/** Resolves every input of every step, and finds cycles. */
export function connect(options: ConnectOptions): ReadonlyMap<string, Readonly<Record<string, InputSource>>> {
  const { steps, report } = options;
  const byId = new Map(steps.map((step) => [step.id, step]));
  const connected = new Map<string, Record<string, InputSource>>();
  const marks = new Map<string, Mark>();
  for (const step of steps) {
    const sources: Record<string, InputSource> = {};
    for (const { name, mark, value } of isMap(step.inputs) ? step.inputs.entries : []) {
      checkInputName(step, name, mark, report);
      const source = readSource(value, byId, options);
      if (source === undefined) continue;
      sources[name] = source;
      if (source.kind === "output") marks.set(`${step.id} ${source.step}`, value.mark);
    }
    checkRequired(step, report);
    connected.set(step.id, sources);
  }
  reportCycles(connected, marks, report);
  return connected;
}

function checkInputName({ type }: StepDraft, name: string, mark: Mark, report: ReportMistake): void {
  if (type === undefined || type.inputs === "any" || Object.hasOwn(type.inputs, name)) return;
  const known = Object.keys(type.inputs);
  const hint =
    known.length === 0 ? `${type.name} takes no inputs` : suggest(name, known, `inputs of ${type.name}`);
  report("unknown-input", `${type.name} has no input "${name}"`, mark, hint);
}

function checkRequired({ type, inputs, mark }: StepDraft, report: ReportMistake): void {
  if (type === undefined || type.inputs === "any") return;
  for (const [name, { description, optional }] of Object.entries(type.inputs)) {
    if (optional === true || entryOf(inputs, name) !== undefined) continue;
    report("missing-input", `${type.name} needs the input "${name}"`, mark, lowered(description));
  }
}

/** A description as the end of a sentence. */
function lowered(description: string): string {
  return description.charAt(0).toLowerCase() + description.slice(1).replace(/\.$/, "");
}

function readSource(
  node: Node,
  byId: ReadonlyMap<string, StepDraft>,
  { places, report, exists, userHome }: ConnectOptions,
): InputSource | undefined {
  const written = isMap(node) ? entryOf(node, "path")?.value : node;
  if (written?.kind !== "scalar" || typeof written.value !== "string") return undefined;
  const text = written.value;
  if (/^(\.\/|\.\.\/|\/|\.$|\.\.$)/.test(text)) {
    const get = entryOf(node, "get")?.value;
    const how = get?.kind === "scalar" && typeof get.value === "string" ? get.value : undefined;
    if (!exists(text)) {
      report(
        "missing-file",
        `${text} is not there`,
        written.mark,
        how ?? "paths are relative to the project root",
      );
    }
    const place = places.place(written.mark);
    return { kind: "path", path: text, place, ...(how === undefined ? {} : { get: how }) };
  }
  const elsewhere = pathOfElsewhere(text, userHome);
  if (elsewhere !== undefined) {
    report("bad-reference", `"${text}" ${elsewhere.why}`, written.mark, elsewhere.hint);
    return undefined;
  }
  if (isMap(node)) {
    report("bad-reference", `"${text}" is no path`, written.mark, "a path begins with ./, ../ or /");
    return undefined;
  }
  return readOutput(text, written.mark, byId, report);
}

/** Paths that a shell or another system would understand, with the way to write them. */
function pathOfElsewhere(
  text: string,
  userHome: string | undefined,
): { readonly why: string; readonly hint: string } | undefined {
  const home = /^(~|\$HOME|\$\{HOME\})(?=\/|$)/.exec(text)?.[0];
  if (home !== undefined) {
    const rest = text.slice(home.length);
    const hint = userHome === undefined ? "write the path out" : `write it out: ${userHome}${rest}`;
    return { why: `is no path here: only a shell knows ${home}`, hint };
  }
  if (/^[~$]/.test(text))
    return { why: "is no path here: only a shell puts in what it stands for", hint: "write the path out" };
  const drive = /^([A-Za-z]):[\\/](.*)$/.exec(text);
  if (drive !== null) {
    const [, letter = "", rest = ""] = drive;
    const mount = `/mnt/${letter.toLowerCase()}/${rest.replaceAll("\\", "/")}`;
    return { why: "is a path of Windows", hint: `under WSL it is ${mount}` };
  }
  if (!text.includes("\\")) return undefined;
  return {
    why: "has \\ where a path has /",
    hint: `write ./${text.replaceAll("\\", "/").replace(/^\.\//, "")}`,
  };
}

function readOutput(
  text: string,
  mark: Mark,
  byId: ReadonlyMap<string, StepDraft>,
  report: ReportMistake,
): InputSource | undefined {
  const [id = "", output = "", ...rest] = text.split(".");
  const from = byId.get(id);
  if (output === "" || rest.length > 0) {
    const outputs = from?.outputs ?? [];
    const hint = from
      ? `write ${outputs.map((name) => `${id}.${name}`).join(" or ") || `${id}.<output>`}`
      : `write ./${text} for a file, or <step>.<output>`;
    report("bad-reference", `"${text}" is neither a path nor <step>.<output>`, mark, hint);
    return undefined;
  }
  if (from === undefined) {
    report("unknown-step", `there is no step "${id}"`, mark, suggest(id, [...byId.keys()], "steps"));
    return undefined;
  }
  if (from.outputs !== undefined && !from.outputs.includes(output)) {
    const hint = suggest(output, from.outputs, `outputs of ${id}`);
    report("unknown-output", `step ${id} has no output "${output}"`, mark, hint);
    return undefined;
  }
  return { kind: "output", step: id, output };
}

/** Each cycle once, at the input that closes it. */
function reportCycles(
  connected: ReadonlyMap<string, Readonly<Record<string, InputSource>>>,
  marks: ReadonlyMap<string, Mark>,
  report: ReportMistake,
): void {
  const before = (id: string): readonly string[] =>
    Object.values(connected.get(id) ?? {}).flatMap((source) =>
      source.kind === "output" ? [source.step] : [],
    );
  const done = new Set<string>();
  for (const first of connected.keys()) {
    // Depth first, without recursion: a chain may be as long as the file.
    const path: { readonly id: string; readonly left: string[] }[] = [];
    const onPath = new Set<string>();
    const enter = (id: string): void => {
      path.push({ id, left: [...before(id)].reverse() });
      onPath.add(id);
    };
    if (!done.has(first)) enter(first);
    for (let top = path.at(-1); top !== undefined; top = path.at(-1)) {
      const next = top.left.pop();
      if (next === undefined) {
        path.pop();
        onPath.delete(top.id);
        done.add(top.id);
      } else if (onPath.has(next)) {
        const ids = path.map(({ id }) => id);
        const cycle = [...ids.slice(ids.indexOf(next)), next];
        const mark = marks.get(`${top.id} ${next}`);
        if (mark) report("cycle", `steps wait for each other: ${circleText(cycle.reverse())}`, mark);
      } else if (!done.has(next)) enter(next);
    }
  }
}
