import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Pipeline } from "../../engine/document/pipeline.ts";
import { ancestry, upstreamOf } from "../../engine/plan/order.ts";
import { printable, printableLine } from "../../engine/printable.ts";
import type { RunRecord } from "../../engine/record/run-record.ts";
import type { StepType } from "../../engine/step-type.ts";
import type { Paint } from "./paint.ts";

export interface SummaryOptions {
  readonly record: RunRecord;
  readonly pipeline: Pipeline;
  readonly types: ReadonlyMap<string, StepType>;
  readonly paint: Paint;
  artifact(digest: string): string;
}

/**
 * What a run came to, the same whether it ran or was cached: summaries that no
 * other follows, and of steps that nothing follows the notes, each once.
 */
export function summaryText({ record, pipeline, types, paint, artifact }: SummaryOptions): string {
  const { steps } = pipeline;
  const followed = new Set(steps.flatMap(upstreamOf));
  const summed = new Set(
    steps
      .filter(({ uses }) => types.get(uses)?.summary !== undefined)
      .flatMap(({ id }) => [...ancestry(steps, id)].filter((one) => one !== id)),
  );
  const told = new Set<string>();
  const parts: string[] = [];
  for (const { id, uses } of steps) {
    const outputs = record.steps[id]?.outputs;
    const summary = types.get(uses)?.summary;
    const isShown = summary === undefined ? !followed.has(id) : !summed.has(id);
    if (!isShown || outputs === undefined) continue;
    const texts = new Set(Object.values(outputs).flatMap((output) => output.notes));
    const notes = [...texts].filter((note) => !told.has(note));
    for (const note of notes) told.add(note);
    const lines = notes.map((note) => paint.yellow(`Note: ${printableLine(note)}`));
    const output = outputs[summary?.output ?? ""];
    if (summary !== undefined && output !== undefined) {
      lines.push("", printable(readFileSync(join(artifact(output.digest), summary.file), "utf8")));
    }
    if (lines.length > 0) parts.push(lines.join("\n"));
  }
  return parts.length === 0 ? "" : `\n${parts.join("\n")}\n`;
}
