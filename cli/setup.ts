import { createInterface } from "node:readline/promises";
import { listenForInterrupts } from "./interrupts.ts";
import { placesOf } from "./places.ts";
import {
  type CommonOptions,
  type ExitCode,
  exitCode,
  type Part,
  type Program,
  type Setup,
  UsageError,
} from "./program.ts";
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
    await askFor(program, found.gpuParts, options);
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
  const lines = list.map(({ name, title, there, parts, gpuParts }) => {
    const state =
      there === undefined
        ? `not there; \`flow setup ${name}\` fetches ${sizeText(parts)}${gpuParts === undefined ? "" : `, with --gpu ${sizeText(gpuParts)}`}`
        : `there, ${bytesText(there.bytes)}${there.gpu ? ", for NVIDIA GPUs" : ""}`;
    return `  ${title.padEnd(20)} ${state}\n`;
  });
  return `In ${home}/runtimes:\n${lines.join("")}`;
}

function sizeText(parts: readonly Part[]): string {
  return bytesText(parts.reduce((sum, { bytes }) => sum + bytes, 0));
}

/** Some GB are not fetched unasked. */
async function askFor(
  { stdin, stdout, stderr }: Program,
  parts: readonly Part[],
  { yes, json }: SetupOptions,
): Promise<void> {
  const listed = parts.map(({ name, bytes }) => `  ${name.padEnd(36)} ${bytesText(bytes)}\n`).join("");
  if (!json) stdout.write(`${listed}  ${"together".padEnd(36)} ${sizeText(parts)}\n`);
  if (yes) return;
  if (!stdin.isTTY || !stdout.isTTY) {
    throw new UsageError(`${sizeText(parts)} would be fetched: say --yes where nobody can be asked`);
  }
  const asking = createInterface({ input: stdin, output: stderr });
  try {
    const answer = await asking.question("Fetch this? [y/N] ");
    if (!/^y(es)?$/i.test(answer.trim())) throw new UsageError("nothing was fetched");
  } finally {
    asking.close();
  }
}

/** On a terminal one line that changes; else a line when a part begins and one when it is whole. */
function openProgress({ stdout }: Program, { json }: SetupOptions) {
  let told: string | undefined;
  let isOpen = false;
  return {
    tell(part: Part, bytes: number): void {
      if (json) return;
      const text = `${part.name}: ${bytesText(bytes)} of ${bytesText(part.bytes)}`;
      if (stdout.isTTY) {
        stdout.write(`\r${text.slice(0, (stdout.columns ?? 80) - 1)}\x1b[K`);
        isOpen = true;
        if (bytes >= part.bytes) stdout.write("\n");
        isOpen = bytes < part.bytes;
      } else if (told !== part.name || bytes >= part.bytes) {
        stdout.write(`${text}\n`);
        told = part.name;
      }
    },
    close(): void {
      if (isOpen) stdout.write("\n");
      isOpen = false;
    },
  };
}
