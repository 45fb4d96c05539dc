import { posix } from "node:path";
import type { StepType } from "../step-type.ts";
import { checkDocument } from "./check-document.ts";
import { connect, type ReportMistake } from "./connect.ts";
import { type Diagnostic, type Place, severityOf } from "./diagnostic.ts";
import { entryOf, isMap, type MapNode, type Node, toJson, walk } from "./node.ts";
import { applyOverrides } from "./overrides.ts";
import { parseYaml } from "./parse.ts";
import type { Pipeline, Step } from "./pipeline.ts";
import { type Places, placesOf } from "./places.ts";
import { scanReferences } from "./scan.ts";
import { exact } from "./spelling.ts";

export interface LoadOptions {
  /** As the user named it. */
  readonly file: string;
  readonly text: string;
  readonly types: ReadonlyMap<string, StepType>;
  /** Values of `-S`. */
  readonly overrides: readonly string[];
  /** Whether something is at a path as it is written. */
  exists(path: string): boolean;
  isFile(path: string): boolean;
  /** Bytes that a process may take on this machine. */
  readonly memory: number;
  /** The user's home, for hints. */
  readonly userHome: string | undefined;
}

export interface Loaded {
  /** Absent where there are mistakes other than files that are not there. */
  readonly pipeline?: Pipeline;
  /** In the order of their places. */
  readonly diagnostics: readonly Diagnostic[];
}

/** Text becomes a checked pipeline, or every mistake in it at once. */
export function loadPipeline(options: LoadOptions): Loaded {
  const { file, text, overrides } = options;
  const places = placesOf(file, text);
  const diagnostics: Diagnostic[] = [];
  const report: ReportMistake = (code, message, mark, hint) =>
    void diagnostics.push({
      code,
      severity: severityOf(code),
      message,
      place: places.place(mark),
      ...(hint === undefined ? {} : { hint }),
    });

  const scanned = scanReferences(text);
  for (const { start, end, text: found } of scanned.bare) {
    const mark = { kind: "file", start, end } as const;
    report("unquoted-reference", `inside { } and [ ], ${found} needs quotes`, mark, `write "${found}"`);
  }
  const parsed = parseYaml(scanned.text, (start, end) => ({ kind: "file", start, end }));
  for (const { code, message, mark, hint } of parsed.mistakes) report(code, message, mark, hint);
  const root = rootOf(parsed.root, report, parsed.mistakes.length > 0);
  if (root === undefined) return { diagnostics: sortDiagnostics(diagnostics) };

  const applied = applyOverrides(root, overrides);
  diagnostics.push(...applied.diagnostics);
  const { types, isFile, memory } = options;
  const { steps, params: resolved } = checkDocument(applied.root, {
    ...{ types, text, places, report, isFile, memory },
  });
  const inputs = connect({ steps, places, report, exists: options.exists, userHome: options.userHome });
  const sorted = sortDiagnostics(diagnostics);
  const stops = ({ code, severity }: Diagnostic): boolean => severity === "error" && code !== "missing-file";
  if (sorted.some(stops)) return { diagnostics: sorted };
  const params = entryOf(applied.root, "params")?.value;
  const pipeline: Pipeline = {
    name: String(toJson(entryOf(applied.root, "name")?.value as Node)),
    file: posix.normalize(file),
    params: Object.fromEntries(
      resolved.names.map((name) => [name, toJson(exact(resolved.value(name) as Node))]),
    ),
    steps: steps.map(
      (step): Step => ({
        id: step.id,
        uses: step.uses,
        params: step.params,
        inputs: inputs.get(step.id) ?? {},
        place: places.place(step.mark),
        lines: linesOf(step.with, params, places),
      }),
    ),
  };
  return { pipeline, diagnostics: sorted };
}

function rootOf(root: Node | undefined, report: ReportMistake, hasMistakes: boolean): MapNode | undefined {
  if (isMap(root)) return root;
  if (!hasMistakes) {
    const mark = root?.mark ?? { kind: "file", start: 0, end: 1 };
    report("wrong-type", "a pipeline is a map with name, params and steps", mark);
  }
  return undefined;
}

/** The line where each parameter's value is written: at its use, or at the param it comes from. */
function linesOf(node: Node, params: Node | undefined, places: Places): Readonly<Record<string, number>> {
  const lines: Record<string, number> = {};
  for (const { path, node: inner } of walk(node)) {
    const source = inner.param === undefined ? inner : (entryOf(params, inner.param)?.value ?? inner);
    const line = places.line(source.mark);
    if (line !== undefined && path.length > 0) lines[path.join(".")] = line;
  }
  return lines;
}

function sortDiagnostics(diagnostics: readonly Diagnostic[]): readonly Diagnostic[] {
  const position = (place: Place): readonly [number, number] =>
    place.kind === "option" ? [0, 0] : [place.line, place.column];
  const unique = new Map(diagnostics.map((diagnostic) => [JSON.stringify(diagnostic), diagnostic]));
  return [...unique.values()].sort((a, b) => {
    const [lineA, columnA] = position(a.place);
    const [lineB, columnB] = position(b.place);
    return lineA - lineB || columnA - columnB;
  });
}
