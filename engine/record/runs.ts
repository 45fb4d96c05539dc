import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { isObject, type Json } from "../json.ts";
import type { Event } from "./event.ts";
import { foldRun, type RunRecord } from "./run-record.ts";

/** A run that left something on disk. */
export interface KeptRun {
  readonly id: string;
  /** `runs/<id>`. */
  readonly folder: string;
  /** Absent where this version cannot read it. */
  readonly record?: RunRecord;
}

/** The runs in a folder, the newest first. Those of one second are read together, the others as they are asked for. */
export function* newestRuns(
  runs: string,
  isWanted: (id: string) => boolean = () => true,
): Generator<KeptRun> {
  if (!existsSync(runs)) return;
  // A folder without run.json is of a run that ended before it began.
  const ids = readdirSync(runs)
    .filter((id) => idPattern.test(id) && isWanted(id) && existsSync(join(runs, id, "run.json")))
    .sort()
    .reverse();
  // Ids begin with the second a run started in; of those of one second the record tells.
  for (let at = 0; at < ids.length; ) {
    const second = (ids[at] as string).slice(0, SECOND_LENGTH);
    const alike = ids.slice(at).filter((id) => id.startsWith(second));
    at += alike.length;
    const found = alike.map((id): KeptRun => {
      const folder = join(runs, id);
      const record = readRecord(folder);
      return { id, folder, ...(record === undefined ? {} : { record }) };
    });
    yield* found.sort((a, b) => ((a.record?.started ?? "") < (b.record?.started ?? "") ? 1 : -1));
  }
}

/** Whether a run of this id is of a pipeline of this name: ids are a second, the name, and four digits. */
export function isRunOf(pipeline: string, id: string): boolean {
  return id.slice(SECOND_LENGTH, -5) === `-${pipeline}`;
}

/** Of `2026-03-01T10-22-31`. */
const SECOND_LENGTH = 19;
const idPattern = /^\d{4}-\d\d-\d\dT\d\d-\d\d-\d\d-/;

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
