import type { Part, Setups } from "../engine/machine.ts";
import type { StepPlan } from "../engine/plan/plan.ts";
import { listenForInterrupts } from "./interrupts.ts";
import type { Program } from "./program.ts";
import { bytesText } from "./views/words.ts";

export interface Bringing {
  readonly program: Program;
  readonly setups: Setups;
  readonly name: string;
  /** FLOW_HOME. */
  readonly home: string;
  readonly gpu: boolean;
  /** Where it is instead of where it is published. */
  readonly from?: string;
  /** Prints nothing while it comes. */
  readonly quiet: boolean;
}

/** Brings one thing, with its progress; Ctrl-C ends it. Returns how things stand. */
export async function bring(bringing: Bringing): Promise<"is there now" | "there already" | "interrupted"> {
  const { program, setups, name, home, gpu, from, quiet } = bringing;
  const kind = setups.list(home).find((one) => one.name === name)?.kind ?? "runtime";
  const interrupts = listenForInterrupts(program.env, () => {});
  const progress = openProgress(program, quiet, kind === "runtime" ? ", unpacking" : "");
  try {
    const isNew = await setups.bring(name, {
      ...{ home, gpu, env: program.env, signal: interrupts.stop },
      ...(from === undefined ? {} : { from }),
      progress: progress.tell,
    });
    progress.close();
    return isNew ? "is there now" : "there already";
  } catch (error) {
    progress.close();
    if (!interrupts.stop.aborted) throw error;
    const kept = kind === "runtime" ? "What was fetched whole is kept" : "What was fetched is kept";
    program.stderr.write(`Stopped. ${kept}; the same command goes on.\n`);
    return "interrupted";
  } finally {
    interrupts.close();
  }
}

/** By which names all that steps lack is brought; none where something of it cannot be: then nothing could start. */
export function namesToBring(steps: readonly StepPlan[]): readonly string[] {
  const missing = steps.flatMap((step) => (step.state === "blocked" ? step.missing : []));
  const names = missing.flatMap(({ setup }) => setup ?? []);
  return names.length < missing.length ? [] : [...new Set(names)];
}

/** Brings one thing after the other. False where it was interrupted. */
export async function bringAll(
  names: readonly string[],
  { program, home, quiet }: Pick<Bringing, "program" | "home" | "quiet">,
): Promise<boolean> {
  const setups = await program.setups();
  for (const name of names) {
    const state = await bring({ program, setups, name, home, gpu: false, quiet });
    if (state === "interrupted") return false;
    if (!quiet) program.stdout.write(`${name}: ${state}\n`);
  }
  return true;
}

/** On a terminal a line a part, which changes; else a line when a part begins and one when it is whole. */
function openProgress({ stdout }: Program, quiet: boolean, then: string) {
  let last: { readonly part: Part; readonly isWhole: boolean } | undefined;
  const show = (text: string): void => {
    stdout.write(`\r${text.slice(0, (stdout.columns ?? 80) - 1)}\x1b[K`);
  };
  const endLine = (): void => {
    if (!stdout.isTTY || last === undefined) return;
    if (last.isWhole) show(`${last.part.name}: ${bytesText(last.part.bytes)}`);
    stdout.write("\n");
  };
  return {
    tell(part: Part, bytes: number): void {
      if (quiet) return;
      const { name } = part;
      const isWhole = bytes >= part.bytes;
      const isNews = last?.part.name !== name || last.isWhole !== isWhole;
      if (last?.part.name !== name) endLine();
      last = { part, isWhole };
      const text = `${name}: ${isWhole ? "" : `${bytesText(bytes)} of `}${bytesText(part.bytes)}${isWhole ? then : ""}`;
      if (stdout.isTTY) show(text);
      else if (isNews) stdout.write(`${text}\n`);
    },
    close: endLine,
  };
}
