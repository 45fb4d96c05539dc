import type { Pipeline } from "../engine/document/pipeline.ts";
import { printable } from "../engine/printable.ts";
import { reportMistakes } from "./mistakes.ts";
import { type ExitCode, exitCode, type PipelineOptions, type Program } from "./program.ts";
import { openProject, readPipeline } from "./project.ts";
import { jsonDocument } from "./views/json.ts";

export interface GraphOptions extends PipelineOptions {
  readonly format: "mermaid" | "dot";
}

/** `flow graph`: the pipeline as a graph in a language that draws it. */
export async function graph(program: Program, file: string, options: GraphOptions): Promise<ExitCode> {
  const project = await openProject(program, options);
  const { pipeline, diagnostics } = await readPipeline(program, project, file, options);
  if (pipeline === undefined)
    return reportMistakes(program, file, diagnostics, options.json ? "document" : "text");
  const graph = graphOf(pipeline);
  if (options.json) program.stdout.write(jsonDocument(graph));
  else program.stdout.write(printable(options.format === "dot" ? dot(pipeline.name, graph) : mermaid(graph)));
  return exitCode.ok;
}

interface PipelineGraph {
  readonly nodes: readonly { readonly id: string; readonly label: string; readonly kind: "step" | "file" }[];
  readonly edges: readonly { readonly from: string; readonly to: string; readonly label: string }[];
}

/** Steps and the files they read as nodes; an edge carries the name of the input it feeds. */
function graphOf({ steps }: Pipeline): PipelineGraph {
  const files = new Map<string, string>();
  const edges: PipelineGraph["edges"][number][] = [];
  for (const step of steps) {
    for (const [label, source] of Object.entries(step.inputs)) {
      if (source.kind === "path" && !files.has(source.path)) files.set(source.path, `file${files.size + 1}`);
      const from = source.kind === "path" ? files.get(source.path) : `step-${source.step}`;
      edges.push({ from: from ?? "", to: `step-${step.id}`, label });
    }
  }
  const nodes: PipelineGraph["nodes"] = [
    ...[...files].map(([label, id]) => ({ id, label, kind: "file" as const })),
    ...steps.map(({ id, uses }) => ({ id: `step-${id}`, label: `${id}: ${uses}`, kind: "step" as const })),
  ];
  return { nodes, edges };
}

/** Mermaid flowchart (mermaid.js.org/syntax/flowchart.html). */
function mermaid({ nodes, edges }: PipelineGraph): string {
  const quote = (text: string): string => `"${text.replaceAll("&", "&amp;").replaceAll('"', "&quot;")}"`;
  const lines = [
    "flowchart LR",
    ...nodes.map(({ id, label, kind }) =>
      kind === "file" ? `  ${id}[(${quote(label)})]` : `  ${id}[${quote(label)}]`,
    ),
    ...edges.map(({ from, to, label }) => `  ${from} -->|${label}| ${to}`),
  ];
  return `${lines.join("\n")}\n`;
}

/** Graphviz DOT (graphviz.org/doc/info/lang.html). */
function dot(name: string, { nodes, edges }: PipelineGraph): string {
  const quote = (text: string): string => `"${text.replaceAll("\\", "\\\\").replaceAll('"', '\\"')}"`;
  const lines = [
    `digraph ${quote(name)} {`,
    "  rankdir=LR;",
    ...nodes.map(
      ({ id, label, kind }) =>
        `  ${quote(id)} [label=${quote(label)}, shape=${kind === "file" ? "cylinder" : "box"}];`,
    ),
    ...edges.map(({ from, to, label }) => `  ${quote(from)} -> ${quote(to)} [label=${quote(label)}];`),
    "}",
  ];
  return `${lines.join("\n")}\n`;
}
