import { buffer } from "node:stream/consumers";
import { describeFailure } from "../engine/failure.ts";
import type { Picture, Prediction, Predictor } from "../engine/machine.ts";
import { listenForInterrupts } from "./interrupts.ts";
import { tellMistake, tellNote } from "./mistakes.ts";
import { type CommonOptions, type ExitCode, exitCode, exitOf, type Program, UsageError } from "./program.ts";
import { namedRun, openProject, type Project } from "./project.ts";
import { predictionsView } from "./views/predictions.ts";

export interface PredictOptions extends CommonOptions {
  readonly step?: string;
  readonly csv?: boolean;
  readonly runtime?: string;
  readonly device?: string;
}

/** `flow predict`: what a model of a run says of pictures, each as soon as it is known. */
export async function predict(
  program: Program,
  [name = "", ...words]: readonly string[],
  options: PredictOptions,
): Promise<ExitCode> {
  if (options.csv && options.json) throw new UsageError("--csv and --json exclude each other");
  const project = await openProject(program, options);
  const run = namedRun(project, name);
  const predictors = await program.predictors();
  const files = words.filter((word) => word !== "-");
  const found = predictors.find(files, { folder: project.root, cache: project.cache });
  const pictures = [...found, ...(await fromStandardInput(program, words))];
  const predictor = await predictors.open({
    ...{ run, ...project },
    ...(options.step === undefined ? {} : { step: options.step }),
    ...(options.runtime === undefined ? {} : { runtime: options.runtime }),
    ...(options.device === undefined ? {} : { device: options.device }),
    note: (text) => tellNote(program, text),
  });
  const interrupts = listenForInterrupts(program.env, (text) => program.stderr.write(text));
  interrupts.kill.addEventListener("abort", () => predictor.kill());
  const view = predictionsView(program, options, {
    classes: predictor.classes,
    names: pictures.map((picture) => picture.name),
    csvLine: predictors.csvLine,
  });
  try {
    for await (const predictions of predictAll(predictor, pictures, interrupts.stop)) view.add(predictions);
    await predictor.close();
  } catch (error) {
    predictor.kill();
    if (interrupts.kill.aborted) return exitCode.interrupted;
    return toldFailure(program, project, options, error);
  } finally {
    interrupts.close();
  }
  view.close();
  if (interrupts.stop.aborted) return exitCode.interrupted;
  return view.bad() > 0 ? exitCode.stepFailed : exitCode.ok;
}

/** One picture, where `-` asks for it. */
async function fromStandardInput({ stdin }: Program, words: readonly string[]): Promise<readonly Picture[]> {
  if (!words.includes("-")) return [];
  if (stdin.isTTY) throw new UsageError("- reads a picture from standard input, which is a terminal");
  return [{ name: "-", bytes: await buffer(stdin) }];
}

/** Batches, in order; the next are read while one is computed. Begins no other where it is asked to stop. */
async function* predictAll(
  predictor: Predictor,
  pictures: readonly Picture[],
  stop: AbortSignal,
): AsyncGenerator<readonly Prediction[]> {
  const { batch, ahead } = predictor;
  const asked: Promise<readonly Prediction[]>[] = [];
  let next = 0;
  for (;;) {
    for (; asked.length <= ahead && next < pictures.length && !stop.aborted; next += batch) {
      const predictions = predictor.predict(pictures.slice(next, next + batch));
      // Heard where it is waited for.
      predictions.catch(() => {});
      asked.push(predictions);
    }
    const first = asked.shift();
    if (first === undefined) return;
    yield await first;
  }
}

/** What ends it after it began: what was computed is kept. */
function toldFailure(
  program: Program,
  { runs, cache, home }: Project,
  { json }: PredictOptions,
  error: unknown,
): ExitCode {
  const failure = describeFailure(error, [runs, cache.folder, home]);
  if (failure.kind === "bug") throw error;
  tellMistake(program, failure.message, json ? "lines" : "text");
  return exitOf(failure.kind, "in a step");
}
