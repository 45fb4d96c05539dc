import { lstatSync, readdirSync, rmSync, truncateSync, utimesSync } from "node:fs";
import { join } from "node:path";
import { type Disturbed, disturbed, errors, type Fault, flow, type Point, type Traced } from "./disturb.ts";
import { unsyncedFiles } from "./order.ts";
import { sourcesOf } from "./project.ts";
import type { Scene, Stage } from "./scene.ts";
import { lastRecord, mistakesIn } from "./state.ts";

/** One fault at one call of a run, and the run after it. */
export interface Trial extends Point {
  readonly scene: Scene;
  readonly fault: Fault;
  /** What the call was when nothing went wrong. */
  readonly call: string;
}

/** Calls that can be torn: the others are done or not. */
const divisible = /^(appendFile|copyFile|execFile|fork|rm|spawn|write|writeFile)$/;
/** Calls that no error of the disk ends. */
const starting = /^(execFile|fork|spawn|syncfs)$/;

/** Calls that need room on the disk. */
const growing = /^(appendFile|copyFile|link|mkdir|open|symlink|write|writeFile)$/;

/** Every trial that there is at the calls of an undisturbed run. */
export function trialsOf(scene: Scene, trace: readonly Traced[]): readonly Trial[] {
  return trace.flatMap(({ process, begin, read, call = "" }): readonly Trial[] => {
    if (read !== undefined) {
      const point = { scene, process, of: "reads", at: read, call } as const;
      const faults = /stat$/.test(call) ? (["EIO"] as const) : (["EIO", "EMFILE"] as const);
      return faults.map((fault) => ({ ...point, fault }));
    }
    if (begin === undefined) return [];
    const faults: Fault[] = ["kill", "cut"];
    if (divisible.test(call)) faults.push("tear");
    if (growing.test(call)) faults.push("full");
    if (!starting.test(call)) faults.push(...errors);
    return faults.map((fault) => ({ scene, process, of: "writes", at: begin, fault, call }));
  });
}

/** What a trial is called in messages. */
export function titleOf({ scene, fault, process, of, at, call }: Trial): string {
  return `${scene}, ${fault} at ${process} ${of} ${at} (${call})`;
}

/** What a trial showed that should not be, in words; none where all is well. */
export async function attempt(stage: Stage, trial: Trial): Promise<readonly string[]> {
  const project = stage.set(trial.scene);
  try {
    const before = sourcesOf(project);
    const first = await disturbed(project, join(project, "notes"), trial);
    if (trial.fault === "cut") losePages(project, unsyncedFiles(first.trace));
    const mistakes = [...mistakesInEnd(trial, first)];
    const expected = stage.expected[trial.scene];
    if (first.code === 0)
      mistakes.push(...resultsOf(project).filter((output) => !isIn(output, expected.outputs)));
    const next = await flow(project);
    if (next.code !== 0 || next.stderr !== "") {
      mistakes.push(`the next run ended with ${next.code ?? next.signal}: ${next.stderr}`);
    } else mistakes.push(...mistakesIn(project, expected));
    if (!sameContent(before, sourcesOf(project))) mistakes.push("the user's own files have changed");
    return mistakes.map((mistake) => `${titleOf(trial)}: ${mistake}`);
  } finally {
    rmSync(project, { recursive: true, force: true });
  }
}

/** How the disturbed run itself should have ended. */
function mistakesInEnd({ fault, process }: Trial, { code, signal, stderr }: Disturbed): readonly string[] {
  const end = `it ended with ${code ?? signal}: ${stderr}`;
  if (fault === "kill" || fault === "tear" || fault === "cut") {
    const isOver = signal === "SIGKILL" || code === 0;
    // The engine outlives its workers, and tells.
    const isTold = process !== "engine.0" && code === 1 && /was killed by SIGKILL/.test(stderr);
    return isOver || isTold ? [] : [end];
  }
  if (code === 0 && stderr === "") return [];
  const sentences = stderr.split("\n").filter((line) => sentence[fault].test(line));
  // On a full disk more than one step may say so.
  const isOne = sentences.length === 1 || (sentences.length > 1 && fault === "full");
  const isPlain = code === 4 && isOne && !/^\s+at /m.test(stderr);
  return isPlain ? [] : [end];
}

const sentence = {
  // A record that cannot be read counts as lost.
  EIO: /the disk reports an error|the cache has lost/,
  ENOSPC: /the disk is full/,
  full: /the disk is full/,
  EMFILE: /too many files are open/,
} as const;

function resultsOf(project: string): readonly string[] {
  return Object.entries(lastRecord(project).steps).flatMap(([id, { outputs }]) =>
    Object.entries(outputs).map(([name, { digest }]) => `${id}/${name} ${digest}`),
  );
}

function isIn(output: string, outputs: Readonly<Record<string, string>>): boolean {
  const [name = "", digest] = output.split(" ");
  return outputs[name] === digest;
}

function sameContent(before: ReadonlyMap<string, string>, after: ReadonlyMap<string, string>): boolean {
  return JSON.stringify([...before]) === JSON.stringify([...after]);
}

/** What was in memory only is gone: files whose names reached the disk before their bytes are empty. */
function losePages(project: string, lost: ReadonlySet<number>): void {
  // The machine was down for a while.
  const before = new Date(Date.now() - 3_600_000);
  const visit = (folder: string): void => {
    for (const entry of readdirSync(folder, { withFileTypes: true })) {
      const path = join(folder, entry.name);
      if (entry.isDirectory()) visit(path);
      else if (entry.isFile() && lost.has(lstatSync(path).ino)) {
        truncateSync(path);
        utimesSync(path, before, before);
      }
    }
  };
  for (const folder of readdirSync(project)) {
    if (folder === ".flow" || folder === "runs") visit(join(project, folder));
  }
}
