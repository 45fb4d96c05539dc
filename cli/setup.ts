import { resolve } from "node:path";
import { createInterface } from "node:readline";
import type { Part } from "../engine/machine.ts";
import { bring } from "./bring.ts";
import { placesOf } from "./places.ts";
import { type CommonOptions, type ExitCode, exitCode, type Program, UsageError } from "./program.ts";
import { jsonDocument } from "./views/json.ts";
import { setupsText, sizeText } from "./views/setups-text.ts";
import { bytesText } from "./views/words.ts";

export interface SetupOptions extends CommonOptions {
  readonly gpu?: boolean;
  readonly from?: string;
  readonly remove?: boolean;
  readonly yes?: boolean;
}

/** `flow setup`: what can be brought beside flow, and `flow setup <name>`: brings it. */
export async function setup(
  program: Program,
  words: readonly string[],
  options: SetupOptions,
): Promise<ExitCode> {
  const { home, root } = placesOf(program, options);
  const setups = await program.setups();
  const list = setups.list(home);
  const name = words.join(" ");
  const found = list.find((one) => one.name === name);
  const group = list.filter((one) => one.name.startsWith(`${name} `));
  if (name === "" || (found === undefined && group.length > 0)) {
    if (options.gpu || options.remove || options.from !== undefined) {
      throw new UsageError(`say which: \`flow setup ${name === "" ? "" : `${name} `}<name>\``);
    }
    const shown = name === "" ? list : group;
    const ofKind = (kind: (typeof list)[number]["kind"]) => shown.filter((one) => one.kind === kind);
    const document = { home, runtimes: ofKind("runtime"), weights: ofKind("weights") };
    program.stdout.write(options.json ? jsonDocument(document) : setupsText(shown, home));
    return exitCode.ok;
  }
  const say = (state: string): ExitCode => {
    const now = setups.list(home).find((one) => one.name === name);
    const title = found?.title ?? name;
    program.stdout.write(options.json ? jsonDocument({ state, ...now }) : `${title}: ${state}\n`);
    return exitCode.ok;
  };
  if (options.remove) return say((await setups.remove(name, home)) ? "removed" : "was not there");
  const gpu = options.gpu ?? false;
  if (gpu && found?.gpuParts !== undefined && !found.there?.gpu) {
    if (!(await askFor(program, found.gpuParts, options))) return exitCode.interrupted;
  }
  const { from } = options;
  const place = from === undefined ? {} : { from: isUrl(from) ? from : resolve(root, from) };
  const quiet = options.json ?? false;
  const state = await bring({ program, setups, name, home, gpu, quiet, ...place });
  return state === "interrupted" ? exitCode.interrupted : say(state);
}

function isUrl(text: string): boolean {
  return /^[a-z][a-z\d+.-]*:\/\//i.test(text);
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
