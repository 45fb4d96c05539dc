import { createInterface } from "node:readline";
import type { Part, Setup } from "../engine/machine.ts";
import { listenForInterrupts } from "./interrupts.ts";
import { placesOf } from "./places.ts";
import { type CommonOptions, type ExitCode, exitCode, type Program, UsageError } from "./program.ts";
import { jsonDocument } from "./views/json.ts";
import { bytesText } from "./views/words.ts";

export interface SetupOptions extends CommonOptions {
  readonly gpu?: boolean;
  readonly remove?: boolean;
  readonly yes?: boolean;
}

/** `flow setup`: what can be brought beside flow, and `flow setup <name>`: brings it. */
export async function setup(
  program: Program,
  name: string | undefined,
  options: SetupOptions,
): Promise<ExitCode> {
  const { home } = placesOf(program, options);
  const setups = await program.setups();
  const list = setups.list(home);
  if (name === undefined) {
    if (options.gpu || options.remove) throw new UsageError("say which: `flow setup <name>`");
    program.stdout.write(options.json ? jsonDocument({ home, runtimes: list }) : listText(list, home));
    return exitCode.ok;
  }
  const found = list.find((one) => one.name === name);
  const say = (state: string): ExitCode => {
    const title = found?.title ?? name;
    const now = setups.list(home).find((one) => one.name === name);
    program.stdout.write(options.json ? jsonDocument({ state, ...now }) : `${title}: ${state}\n`);
    return exitCode.ok;
  };
  if (options.remove) return say((await setups.remove(name, home)) ? "removed" : "was not there");
  const gpu = options.gpu ?? false;
  if (gpu && found?.gpuParts !== undefined && !found.there?.gpu) {
    if (!(await askFor(program, found.gpuParts, options))) return exitCode.interrupted;
  }
  const interrupts = listenForInterrupts(program.env, () => {});
  const progress = openProgress(program, options);
  try {
    const isNew = await setups.bring(name, {
      ...{ home, gpu, env: program.env, signal: interrupts.stop },
      progress: progress.tell,
    });
    progress.close();
    return say(isNew ? "is there now" : "there already");
  } catch (error) {
    progress.close();
    if (!interrupts.stop.aborted) throw error;
    program.stderr.write("Stopped. What was fetched whole is kept; the same command goes on.\n");
    return exitCode.interrupted;
  } finally {
    interrupts.close();
  }
}

function listText(list: readonly Setup[], home: string): string {
  if (list.length === 0) {
    return `Nothing can be brought for ${process.platform} on ${process.arch}; onnxruntime computes there.\n`;
  }
  const lines = list.flatMap(({ name, title, there, parts, gpuParts }) => {
    const way = `flow setup ${name}`;
    const state =
      there === undefined
        ? `not there; \`${way}\` fetches ${sizeText(parts)}`
        : `there, ${bytesText(there.bytes)}${there.gpu ? ", with what NVIDIA GPUs need" : ""}`;
    const more =
      gpuParts === undefined || there?.gpu
        ? []
        : [["", `(with --gpu, for those of NVIDIA: ${sizeText(gpuParts)})`]];
    return [[title, state], ...more];
  });
  const listed = lines.map(([title = "", state]) => `  ${title.padEnd(20)} ${state}\n`);
  return `In ${home}/runtimes:\n${listed.join("")}`;
}

function sizeText(parts: readonly Part[]): string {
  return bytesText(parts.reduce((sum, { bytes }) => sum + bytes, 0));
}

/** Some GB are not fetched unasked. False where the question was interrupted. */
async function askFor(
  { stdin, stderr }: Program,
  parts: readonly Part[],
  { yes, json }: SetupOptions,
): Promise<boolean> {
  const canAsk = stdin.isTTY && stderr.isTTY;
  if (!yes && !canAsk) {
    throw new UsageError(`${sizeText(parts)} would be fetched: say --yes where nobody can be asked`);
  }
  const width = Math.max(...parts.map(({ name }) => name.length));
  const lines = [...parts.map(({ name, bytes }) => [name, bytesText(bytes)]), ["together", sizeText(parts)]];
  const listed = lines.map(([name = "", size = ""]) => `  ${name.padEnd(width)}  ${size.padStart(8)}\n`);
  if (!json || canAsk) stderr.write(listed.join(""));
  if (yes) return true;
  const answer = await ask("Fetch this? [y/N] ", stdin, stderr);
  if (answer !== undefined && !/^y(es)?$/i.test(answer.trim())) throw new UsageError("nothing was fetched");
  return answer !== undefined;
}

/** A line; empty at the end of the input, `undefined` after Ctrl-C. */
function ask(
  question: string,
  input: Program["stdin"],
  output: Program["stderr"],
): Promise<string | undefined> {
  return new Promise((resolve) => {
    const asking = createInterface({ input, output });
    let answer: string | undefined = "";
    const end = (given: string | undefined): void => {
      answer = given;
      asking.close();
    };
    asking.on("SIGINT", () => end(undefined));
    asking.on("close", () => {
      if (!answer) output.write("\n");
      resolve(answer);
    });
    asking.question(question, end);
  });
}

/** On a terminal a line a part, which changes; else a line when a part begins and one when it is whole. */
function openProgress({ stdout }: Program, { json }: SetupOptions) {
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
      if (json) return;
      const { name } = part;
      const isWhole = bytes >= part.bytes;
      const isNews = last?.part.name !== name || last.isWhole !== isWhole;
      if (last?.part.name !== name) endLine();
      last = { part, isWhole };
      const text = `${name}: ${isWhole ? "" : `${bytesText(bytes)} of `}${bytesText(part.bytes)}${isWhole ? ", unpacking" : ""}`;
      if (stdout.isTTY) show(text);
      else if (isNews) stdout.write(`${text}\n`);
    },
    close: endLine,
  };
}
