import { statSync } from "node:fs";
import { dirname, resolve } from "node:path";
import type { KeyRecord } from "../engine/cache/keys.ts";
import { historyName } from "../engine/plan/history-name.ts";
import { topologicalOrder } from "../engine/plan/order.ts";
import { planStep, type StepPlan } from "../engine/plan/plan.ts";
import { printableLine } from "../engine/printable.ts";
import { folderOfInput } from "../engine/remote/origin.ts";
import { reportMistakes, tellNote, tellWarnings } from "./mistakes.ts";
import { type ExitCode, exitCode, type PipelineOptions, type Program } from "./program.ts";
import { look, openProject, type Project, readPipeline, until } from "./project.ts";
import type { RemoteChoice } from "./remotes.ts";
import { neededRemote, type Transfer, transfer } from "./transfers.ts";
import { transferredText } from "./views/closing.ts";
import { jsonDocument } from "./views/json.ts";
import { columnWidth, idText } from "./views/words.ts";

/** How it stands with a step afterwards. */
interface Pulled {
  readonly step: string;
  /** `unknown`: something that it takes is not there, so that nobody knows what to look for. */
  readonly outcome: "here" | "fetched" | "not-there" | "unknown";
}

const words: Readonly<Record<Pulled["outcome"], string>> = {
  here: "here already",
  fetched: "fetched",
  "not-there": "not in the remote",
  unknown: "needs what is not in the remote",
};

/** `flow pull`: fetches what a pipeline, or one of its steps, comes to, and computes nothing. */
export async function pull(
  program: Program,
  name: string,
  options: PipelineOptions & RemoteChoice,
): Promise<ExitCode> {
  const project = await openProject(program, options);
  const chosen = await neededRemote(program, project, options);
  const { file, step } = namedStep(name, project);
  const document = await readPipeline(program, project, file, options);
  if (document.pipeline === undefined) {
    return reportMistakes(program, file, document.diagnostics, options.json ? "document" : "text");
  }
  if (!options.json) tellWarnings(program, file, document.diagnostics, "text");
  const pipeline = until(document.pipeline, step);
  const { world } = await look(program, project, pipeline, { rerun: [] });
  const pulled: Pulled[] = [];
  const { code, transferred, notes } = await transfer(
    program,
    project,
    { chosen, push: "never" },
    async (on) => {
      const made = new Map<string, KeyRecord>();
      for (const step of topologicalOrder(pipeline.steps)) {
        const plan = planStep(step, world, made);
        const found = plan.state === "cached" ? plan.record : await fetched(plan, project, on);
        if (found !== undefined) {
          made.set(step.id, found);
          project.cache.keys.setLatest(historyName(pipeline), step.id, found.key);
        }
        pulled.push({ step: step.id, outcome: outcomeOf(plan, found) });
      }
    },
  );
  const isAllThere = pulled.every(({ outcome }) => outcome === "here" || outcome === "fetched");
  if (options.json) {
    const { fetched: results, fetchedBytes: bytes } = transferred;
    program.stdout.write(
      jsonDocument({ remote: transferred.name, fetched: results, bytes, steps: pulled, problems: notes }),
    );
  } else {
    for (const text of notes) tellNote(program, text);
    const width = columnWidth(pulled.map(({ step }) => step));
    const lines = pulled.map(
      ({ step, outcome }) => `${idText(printableLine(step), width)}  ${words[outcome]}\n`,
    );
    program.stdout.write([...lines, ...transferredText(transferred).map((line) => `${line}\n`)].join(""));
  }
  return code === exitCode.ok && !isAllThere ? exitCode.wouldRun : code;
}

/** `pipelines/food5k.yaml/features`: the step of a pipeline. */
function namedStep(name: string, { root }: Project): { readonly file: string; readonly step?: string } {
  const isFile = (path: string): boolean => {
    try {
      return statSync(resolve(root, path)).isFile();
    } catch {
      // Nothing is there, or something above it is no folder.
      return false;
    }
  };
  const above = dirname(name);
  return !isFile(name) && isFile(above)
    ? { file: above, step: name.slice(above.length + 1) }
    : { file: name };
}

async function fetched(
  { key, step }: StepPlan,
  { root, cache }: Project,
  { remote, signal }: Transfer,
): Promise<KeyRecord | undefined> {
  if (key === undefined || signal.aborted) return undefined;
  const release = await cache.lock(key, { signal, onWait() {} }).catch(() => undefined);
  if (release === undefined) return undefined;
  try {
    return await remote.fetch({
      ...{ key, step: step.id },
      folderOf: (input) => folderOfInput(step, input, root),
      onProgress() {},
    });
  } finally {
    release();
  }
}

function outcomeOf({ state, key }: StepPlan, found: KeyRecord | undefined): Pulled["outcome"] {
  if (state === "cached") return "here";
  if (found !== undefined) return "fetched";
  return key === undefined ? "unknown" : "not-there";
}
