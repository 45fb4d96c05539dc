import { existsSync, mkdtempSync, readdirSync, rmdirSync, statfsSync } from "node:fs";
import { totalmem } from "node:os";
import { dirname, join } from "node:path";
import { cores } from "../engine/cores.ts";
import { describeFailure } from "../engine/failure.ts";
import { bytesBelow } from "../engine/folder-bytes.ts";
import type { Finding } from "../engine/machine.ts";
import { memoryLimit } from "../engine/memory.ts";
import { printableLine } from "../engine/printable.ts";
import type { Settings } from "./config.ts";
import { type CommonOptions, type ExitCode, exitCode, type Program } from "./program.ts";
import { type Project, projectWith, settingsOf } from "./project.ts";
import { jsonDocument } from "./views/json.ts";
import { paintWith, wantsColour } from "./views/paint.ts";
import { bytesText, countText } from "./views/words.ts";

/** `flow doctor`: what this machine has for a run, and what mends what it lacks. */
export async function doctor(program: Program, _none: undefined, options: CommonOptions): Promise<ExitCode> {
  const settings = await settingsOf(program, options);
  const project = projectWith(program, options, settings);
  const paint = paintWith(wantsColour(program.stdout, program.env, options.color));
  const all: Finding[] = [];
  for await (const finding of everything(program, project, settings)) {
    all.push(finding);
    if (options.json) continue;
    const { name, value, problem, way } = finding;
    const line = `${name.padEnd(26)} ${problem === undefined ? value : paint.red(value)}`;
    const more = [problem, way]
      .filter((text) => text !== undefined)
      .map((text) => `${" ".repeat(27)}${text}`);
    program.stdout.write([line, ...more].map((text) => `${printableLine(text)}\n`).join(""));
  }
  const isWell = all.every(({ isNeeded, problem }) => !isNeeded || problem === undefined);
  if (options.json) program.stdout.write(jsonDocument({ ok: isWell, findings: all }));
  return isWell ? exitCode.ok : exitCode.machine;
}

async function* everything(program: Program, project: Project, settings: Settings): AsyncGenerator<Finding> {
  yield* machine();
  yield place("cache", project.cache.folder, true);
  // What a plain run reads there it can do without.
  yield place("FLOW_HOME", project.home, false);
  yield cacheHealth(project);
  yield settingsInForce(settings);
  yield* (await program.probes()).findings(project.home, program.env);
}

function* machine(): Generator<Finding> {
  const [major = 0] = process.versions.node.split(".").map(Number);
  const isOld = major < 20;
  yield {
    name: "Node",
    value: process.versions.node,
    isNeeded: true,
    ...(isOld ? { problem: "it is too old", way: "Node 20 or newer is needed" } : {}),
  };
  yield { name: "cores", value: String(cores()), isNeeded: false };
  const memory = memoryLimit();
  const value =
    memory < totalmem()
      ? `${bytesText(memory)} (the limit of its cgroup; the machine has ${bytesText(totalmem())})`
      : bytesText(memory);
  const little = { problem: "ResNet-50 takes 1 GB", way: "take a smaller batchSize" };
  yield { name: "memory", value, isNeeded: false, ...(memory < 1e9 ? little : {}) };
}

/** Room on a disk, and whether something can be written there; nothing is left behind. */
function place(name: string, folder: string, isNeeded: boolean): Finding {
  const there = nearest(folder);
  try {
    rmdirSync(mkdtempSync(join(there, ".flow-doctor-")));
    const { bavail, bsize } = statfsSync(there);
    const free = bavail * bsize;
    const little = {
      problem: "the disk is nearly full",
      way: `make room, or take another with ${wayOf(name)}`,
    };
    return {
      name,
      value: `${folder}, ${bytesText(free)} free`,
      isNeeded,
      ...(free < 1e8 ? little : {}),
    };
  } catch (error) {
    // As below /proc: a folder is there, and cannot hold one.
    const isNoPlace = (error as NodeJS.ErrnoException).code === "ENOENT";
    const why = isNoPlace ? "no folder can be made" : wordsOf(error, there);
    const problem = `nothing can be written there (${why})`;
    return { name, value: folder, problem, way: `choose another place with ${wayOf(name)}`, isNeeded };
  }
}

/** The folder itself, or that in which it would be made. */
function nearest(folder: string): string {
  return existsSync(folder) || dirname(folder) === folder ? folder : nearest(dirname(folder));
}

function wordsOf(error: unknown, folder: string): string {
  return describeFailure(error, [folder]).message.replace(/: .*$/s, "");
}

function wayOf(name: string): string {
  return name === "cache" ? "--cache or FLOW_CACHE" : "FLOW_HOME";
}

/** What is in force of the configuration, and from where. */
function settingsInForce({ config, files, diagnostics }: Settings): Finding {
  const { kind = "local", ...ofExecutor } = config.executor ?? {};
  const { remote, push } = config;
  const others = { ...ofExecutor, ...(remote === undefined ? {} : { remote, push: push ?? "auto" }) };
  const words = Object.entries(others).map(([name, value]) => `${name} ${String(value)}`);
  const from = files.length === 0 ? "" : ` (${files.join(", ")})`;
  const value = `${[`executor ${kind}`, ...words].join(", ")}${from}`;
  if (diagnostics.length === 0) return { name: "settings", value, isNeeded: false };
  const problem = `${countText(diagnostics.length, "mistake")} in ${files.join(", ")}`;
  return { name: "settings", value, problem, way: "flow run shows them", isNeeded: true };
}

/** How large the cache is, and whether every result that it names is there whole. */
function cacheHealth({ cache }: Project): Finding {
  const name = "results kept";
  try {
    const keys = join(cache.folder, "keys");
    const files = existsSync(keys) ? readdirSync(keys) : [];
    const records = files
      .filter((file) => /^[0-9a-f]{64}\.json$/.test(file))
      .map((file) => cache.keys.read(`sha256:${file.slice(0, -".json".length)}`));
    const damaged = records.filter((record) => record === undefined || cache.missing(record) !== undefined);
    const value = `${countText(records.length, "result")}, ${bytesText(bytesBelow(cache.folder))}`;
    if (damaged.length === 0) return { name, value, isNeeded: false };
    return {
      name,
      value,
      problem: `${countText(damaged.length, "result")} of these ${damaged.length === 1 ? "is" : "are"} not whole any more`,
      way: "the next `flow run` that needs one makes it anew",
      isNeeded: false,
    };
  } catch (error) {
    const problem = `the cache cannot be read (${wordsOf(error, cache.folder)})`;
    return {
      name,
      value: cache.folder,
      problem,
      way: `choose another place with ${wayOf("cache")}`,
      isNeeded: true,
    };
  }
}
