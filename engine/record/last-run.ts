import { statSync } from "node:fs";
import { join } from "node:path";
import type { Pipeline } from "../document/pipeline.ts";
import type { RunRecord } from "./run-record.ts";
import { isRunOf, newestRuns } from "./runs.ts";

/** A run's record as it was found. */
export type LastRun =
  | { readonly kind: "none" }
  | {
      readonly kind: "found";
      readonly record: RunRecord;
      /** For how long its heartbeat has stood still, in milliseconds. */
      readonly silent: number;
    }
  /** It stays where it is: records are history. */
  | { readonly kind: "unreadable"; readonly path: string };

/** The newest run of a pipeline; two files may hold pipelines of one name. */
export function lastRunOf(runs: string, { name, file }: Pick<Pipeline, "name" | "file">): LastRun {
  for (const { folder, record } of newestRuns(runs, (id) => isRunOf(name, id))) {
    if (record === undefined) return { kind: "unreadable", path: folder };
    if (record.file !== undefined && record.file !== file) continue;
    const { mtimeMs } = statSync(join(folder, "run.json"));
    return { kind: "found", record, silent: Date.now() - mtimeMs };
  }
  return { kind: "none" };
}
