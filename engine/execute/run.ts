import type { Pipeline, Step } from "../document/pipeline.ts";
import { describeFailure, type Failure } from "../failure.ts";
import { addTo } from "../lists.ts";
import { historyName } from "../plan/history-name.ts";
import { topologicalOrder, upstreamOf } from "../plan/order.ts";
import { planStep, type StepPlan, type World } from "../plan/plan.ts";
import type { RunOutcome } from "../record/event.ts";
import { executeStep } from "./execute-step.ts";
import type { RunIdentity, Services } from "./services.ts";
import type { StepResult } from "./settle.ts";
import type { Executor } from "./task.ts";
import { openTasks, type Signals, type Tasks } from "./tasks.ts";
import { type Made, openWatch } from "./watch.ts";

/** What is to be run, and how. */
export interface RunRequest {
  /** Of the run. */
  readonly id: string;
  readonly pipeline: Pipeline;
  readonly world: World;
  /** Project root. */
  readonly root: string;
  /** FLOW_HOME. */
  readonly home: string;
  /** The folder of all runs. */
  readonly runs: string;
  /** How many steps may run at a time. */
  readonly jobs: number;
  /** After a failure, go on with all that does not need what failed. */
  readonly keepGoing: boolean;
  readonly executor: Executor;
  /** Host, process and versions, for the record. */
  readonly origin: {
    readonly host: string;
    readonly pid: number;
    readonly process?: string;
    readonly environment: Record<string, string>;
  };
}

/** Runs a pipeline: every step whose result is not there, each as soon as its inputs are. */
export async function runPipeline(
  request: RunRequest,
  services: Services,
  signals: Signals,
): Promise<RunOutcome> {
  const { pipeline } = request;
  const { emit, now } = services;
  const started = now();
  emit({
    kind: "run-started",
    at: started.toISOString(),
    run: request.id,
    pipeline: pipeline.name,
    file: pipeline.file,
    params: pipeline.params,
    ...request.origin,
    steps: pipeline.steps.map((step) => ({
      ...{ id: step.id, uses: step.uses, params: step.params },
      sources: sourcesOf(step),
    })),
  });
  const tasks = openTasks(request.executor, signals);
  const results = await runAll(request, services, tasks);
  tasks.close();

  const outcomes = [...results.values()].map((result) => result.outcome);
  const interrupted =
    outcomes.includes("interrupted") || (signals.stop.aborted && results.size < pipeline.steps.length);
  const failed = outcomes.includes("failed");
  const outcome: RunOutcome = interrupted ? "interrupted" : failed ? "failed" : "ok";
  const skipped = new Set<string>();
  for (const step of topologicalOrder(pipeline.steps)) {
    if (results.has(step.id)) continue;
    const lost = upstreamOf(step).some((id) => skipped.has(id) || results.get(id)?.outcome === "failed");
    if (lost) skipped.add(step.id);
    emit({ ...nothing(step, now()), outcome: lost ? "skipped" : "not-run" });
  }
  const ended = now();
  const seconds = (ended.getTime() - started.getTime()) / 1000;
  emit({ kind: "run-finished", at: ended.toISOString(), outcome, seconds });
  return outcome;
}

function sourcesOf({ inputs }: Step): Readonly<Record<string, string>> {
  const paths = Object.entries(inputs).flatMap(([name, source]) =>
    source.kind === "path" ? [[name, source.path]] : [],
  );
  return Object.fromEntries(paths);
}

function nothing(step: Step, at: Date) {
  return {
    kind: "step-finished",
    at: at.toISOString(),
    step: step.id,
    seconds: 0,
    metrics: {},
    outputs: {},
  } as const;
}

/** The results of all steps that could be tried. Each step is looked at once, when its last input is known. */
async function runAll(
  request: RunRequest,
  services: Services,
  tasks: Tasks,
): Promise<Map<string, StepResult>> {
  const { id, pipeline, root, home, runs, jobs, keepGoing, world } = request;
  const { stop } = tasks.signals;
  const identity: RunIdentity = { run: id, history: historyName(pipeline), root, home, runs };
  const watch = openWatch(pipeline, services.types, services.cache);
  const own = [services.cache.folder, home, runs];
  const order = topologicalOrder(pipeline.steps);
  const waitsFor = new Map(order.map((step) => [step.id, upstreamOf(step).length]));
  const followers = followersOf(order);
  const made = new Map<string, Made>();
  const keysInHand = new Set<string>();
  const results = new Map<string, StepResult>();
  const running = new Map<string, Promise<void>>();
  const ready: Step[] = order.filter((step) => waitsFor.get(step.id) === 0);
  const queue: StepPlan[] = [];
  let failed = false;

  const finish = (step: Step, result: StepResult): void => {
    results.set(step.id, result);
    services.emit(result.event);
    failed ||= result.outcome === "failed";
    if (result.made === undefined) return;
    made.set(step.id, result.made);
    for (const follower of followers.get(step.id) ?? []) {
      const left = (waitsFor.get(follower.id) ?? 0) - 1;
      waitsFor.set(follower.id, left);
      if (left === 0) ready.push(follower);
    }
  };
  const start = (plan: StepPlan): void => {
    const { step, key = step.id } = plan;
    keysInHand.add(key);
    const done = executeStep({ identity, plan, made, watch }, services, tasks)
      .catch((error: unknown) => crashed(step, describeFailure(error, own), services.now()))
      .then((result) => {
        running.delete(step.id);
        keysInHand.delete(key);
        finish(step, result);
      });
    running.set(step.id, done);
  };
  const plan = (step: Step): void => {
    try {
      const planned = planStep(step, world, made);
      if (planned.state === "cached") start(planned);
      else queue.push(planned);
    } catch (error) {
      // What is running goes on.
      finish(step, crashed(step, describeFailure(error, own), services.now()));
    }
  };
  const startReady = (): void => {
    while (!stop.aborted && !(failed && !keepGoing)) {
      const step = ready.shift();
      if (step !== undefined) {
        plan(step);
        continue;
      }
      // A step like one in hand waits for its result, and leaves its place to others.
      const at = queue.findIndex(({ key }) => key === undefined || !keysInHand.has(key));
      const [next] = running.size < jobs && at >= 0 ? queue.splice(at, 1) : [];
      if (next === undefined) return;
      start(next);
    }
  };
  for (startReady(); running.size > 0; startReady()) await Promise.race(running.values());
  return results;
}

function followersOf(steps: readonly Step[]): ReadonlyMap<string, readonly Step[]> {
  const followers = new Map<string, Step[]>();
  for (const step of steps) {
    for (const id of upstreamOf(step)) addTo(followers, id, step);
  }
  return followers;
}

function crashed(step: Step, failure: Failure, at: Date): StepResult {
  return { outcome: "failed", event: { ...nothing(step, at), outcome: "failed", failure } };
}
