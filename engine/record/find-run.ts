import { posix } from "node:path";
import type { RunRecord } from "./run-record.ts";
import { type KeptRun, newestRuns } from "./runs.ts";

/** A run with its record. */
export type FoundRun = KeptRun & { readonly record: RunRecord };

/** How a run may be named, for messages. */
const runNames = "a run's id, the beginning of one, latest, latest~1, or a pipeline file";

/**
 * The run of a name: its id or a beginning of it that no other has, `latest`,
 * `latest~2` (two before it), or a pipeline file (its newest run that ended well).
 *
 * @param runs the folder of all runs.
 * @returns a sentence where there is no such run.
 */
export function findRun(runs: string, name: string): FoundRun | string {
  const back = /^latest(?:~(\d{1,6}))?$/.exec(name);
  if (back !== null) return readable(nth(runs, Number(back[1] ?? 0)) ?? tooFewRuns(runs, name));
  if (/\.ya?ml$/i.test(name)) return newestOf(runs, posix.normalize(name));
  const alike = [...newestRuns(runs, (id) => id.startsWith(name))];
  const [only, other] = alike;
  if (only === undefined) return `no run is called ${name}; ${runNames} is needed`;
  const exact = alike.find(({ id }) => id === name);
  if (exact === undefined && other !== undefined) {
    const some = alike.slice(0, 5).map(({ id }) => id);
    const more = alike.length > some.length ? `, and ${alike.length - some.length} more` : "";
    return `${alike.length} runs begin with ${name}: ${some.join(", ")}${more}`;
  }
  return readable(exact ?? only);
}

function nth(runs: string, back: number): KeptRun | undefined {
  let at = 0;
  for (const run of newestRuns(runs)) if (at++ === back) return run;
  return undefined;
}

function tooFewRuns(runs: string, name: string): string {
  const count = [...newestRuns(runs)].length;
  if (count === 0) return "nothing has run here yet";
  return `there is no ${name}: there ${count === 1 ? "is 1 run" : `are ${count} runs`} here`;
}

function newestOf(runs: string, file: string): FoundRun | string {
  let others = 0;
  for (const run of newestRuns(runs)) {
    if (run.record?.file !== file) continue;
    if (run.record.outcome === "ok") return readable(run);
    others++;
  }
  return others === 0 ? `${file} has not run here yet` : `no run of ${file} has ended well`;
}

function readable(run: KeptRun | string): FoundRun | string {
  if (typeof run === "string") return run;
  const { record } = run;
  return record === undefined ? `the record of ${run.id} cannot be read by this version` : { ...run, record };
}

/**
 * The step of a run that is meant: the only one of a type, or the one that is named.
 *
 * @returns a sentence where there is none, or where several are and none is named.
 */
export function findStep(
  { id, record }: FoundRun,
  uses: string,
  named: string | undefined,
): { readonly step: string } | string {
  const steps = Object.entries(record.steps).flatMap(([step, one]) => (one.uses === uses ? [step] : []));
  const list = steps.join(", ");
  if (named !== undefined) {
    if (steps.includes(named)) return { step: named };
    return `${id} has no ${uses} step ${named}${list === "" ? "" : `; it has ${list}`}`;
  }
  const [only, other] = steps;
  if (only === undefined) return `${id} has no step that uses ${uses}`;
  return other === undefined
    ? { step: only }
    : `${id} has several ${uses} steps: ${list}; name one with --step`;
}
