import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Pipeline } from "../../engine/document/pipeline.ts";
import { upstreamOf } from "../../engine/plan/order.ts";
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

/** What the steps that nothing follows came to, with the notes on it; the same whether they ran or were cached. */
export function summaryText({ record, pipeline, types, paint, artifact }: SummaryOptions): string {
  const followed = new Set(pipeline.steps.flatMap(upstreamOf));
  const parts: string[] = [];
  for (const { id, uses } of pipeline.steps) {
    const outputs = record.steps[id]?.outputs;
    if (followed.has(id) || outputs === undefined) continue;
    const texts = new Set(Object.values(outputs).flatMap((output) => output.notes));
    const notes = [...texts].map((note) => paint.yellow(`Note: ${printableLine(note)}`));
    const summary = types.get(uses)?.summary;
    const output = outputs[summary?.output ?? ""];
    if (summary !== undefined && output !== undefined) {
      notes.push("", printable(readFileSync(join(artifact(output.digest), summary.file), "utf8")));
    }
    if (notes.length > 0) parts.push(notes.join("\n"));
  }
  return parts.length === 0 ? "" : `\n${parts.join("\n")}\n`;
}
