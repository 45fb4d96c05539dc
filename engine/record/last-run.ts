import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import type { Pipeline } from "../document/pipeline.ts";
import { isObject, type Json } from "../json.ts";
import type { Event } from "./event.ts";
import { foldRun, type RunRecord } from "./run-record.ts";

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
  if (!existsSync(runs)) return { kind: "none" };
  const ids = readdirSync(runs).filter((id) => id.slice(SECOND_LENGTH, -5) === `-${name}`);
  // Ids begin with the second a run started in; of those of one second the record tells.
  const seconds = [...new Set(ids.map((id) => id.slice(0, SECOND_LENGTH)))].sort().reverse();
  for (const second of seconds) {
    // A folder without run.json is of a run that ended before it began.
    const folders = ids
      .filter((id) => id.startsWith(second))
      .map((id) => join(runs, id))
      .filter((folder) => existsSync(join(folder, "run.json")));
    const unreadable = folders.at(-1);
    if (unreadable === undefined) continue;
    const found = folders.flatMap((folder) => {
      const record = readRecord(folder);
      return record === undefined ? [] : [{ folder, record }];
    });
    if (found.length === 0) return { kind: "unreadable", path: unreadable };
    const own = found.filter(({ record }) => record.file === undefined || record.file === file);
    const [newest] = own.sort((a, b) => (a.record.started < b.record.started ? 1 : -1));
    if (newest === undefined) continue;
    const { mtimeMs } = statSync(join(newest.folder, "run.json"));
    return { kind: "found", record: newest.record, silent: Date.now() - mtimeMs };
  }
  return { kind: "none" };
}

/** Of `2026-03-01T10-22-31`. */
const SECOND_LENGTH = 19;

/** run.json; of a run that did not end, what its events tell. */
function readRecord(folder: string): RunRecord | undefined {
  try {
    const record = checkRun(JSON.parse(readFileSync(join(folder, "run.json"), "utf8")) as Json);
    if (record === undefined || record.outcome !== "running") return record;
    const fold = foldRun();
    for (const line of readFileSync(join(folder, "events.ndjson"), "utf8").split("\n")) {
      // The last line of a process that was killed may be cut short.
      if (line.endsWith("}")) fold.add(JSON.parse(line) as Event);
    }
    return fold.record() ?? record;
  } catch {
    return undefined;
  }
}

function checkRun(json: Json): RunRecord | undefined {
  if (!isObject(json) || (json.format ?? 1) !== 1) return undefined;
  const { id, pipeline, outcome, started, seconds, host, pid, steps } = json;
  const isRun =
    [id, pipeline, outcome, started, host].every((text) => typeof text === "string") &&
    [seconds, pid].every((number) => typeof number === "number") &&
    isObject(steps) &&
    Object.values(steps).every(isStep);
  return isRun ? (json as unknown as RunRecord) : undefined;
}

function isStep(json: Json): boolean {
  return (
    isObject(json) &&
    typeof json.uses === "string" &&
    typeof json.outcome === "string" &&
    typeof json.seconds === "number" &&
    isObject(json.metrics) &&
    isObject(json.outputs)
  );
}
