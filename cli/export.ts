import {
  chmodSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  realpathSync,
  renameSync,
  rmdirSync,
  rmSync,
  statSync,
} from "node:fs";
import { basename, dirname, join, relative, resolve } from "node:path";
import { newFolder } from "../engine/new-folder.ts";
import { printableLine } from "../engine/printable.ts";
import { grouped } from "../engine/wording.ts";
import { listenForInterrupts } from "./interrupts.ts";
import { tellNote } from "./mistakes.ts";
import { type CommonOptions, type ExitCode, exitCode, type Program, UsageError } from "./program.ts";
import { namedRun, openProject } from "./project.ts";
import { jsonDocument } from "./views/json.ts";
import { bytesText } from "./views/words.ts";

export interface ExportOptions extends CommonOptions {
  readonly format?: string;
  readonly include: "head" | "all";
  readonly output?: string;
  readonly step?: string;
}

/** `flow export`: writes a model of a run, or its features, for other programs: all of it, or nothing. */
export async function exportFiles(program: Program, name: string, options: ExportOptions): Promise<ExitCode> {
  const project = await openProject(program, options);
  const { format, include, output, step } = options;
  const exports = await program.exports();
  if (format === undefined) throw new UsageError(`say which --format: ${exports.formats.join(", ")}`);
  if (output === undefined) throw new UsageError("say where to: -o <a folder that is new or empty>");
  const run = namedRun(project, name);
  const folder = targetOf(resolve(project.root, output), output);
  newFolder(dirname(folder));
  const staging = mkdtempSync(join(dirname(folder), `.${basename(folder)}.`));
  // A folder of its own would be closed to everybody else.
  chmodSync(staging, 0o777 & ~process.umask());
  const interrupts = listenForInterrupts(program.env, (text) => program.stderr.write(text));
  const progress = progressLine(program);
  try {
    const made = await exports.write({
      ...{ run, ...project, format, include, folder: staging, signal: interrupts.stop },
      ...(step === undefined ? {} : { step }),
      progress: progress.tell,
      note: (text) => tellNote(program, text),
    });
    progress.end();
    interrupts.stop.throwIfAborted();
    moveTo(staging, folder);
    program.stdout.write(told(folder, { run: run.id, step: made, format }, options.json ?? false));
    return exitCode.ok;
  } catch (error) {
    progress.end();
    if (interrupts.stop.aborted) return exitCode.interrupted;
    throw error;
  } finally {
    interrupts.close();
    rmSync(staging, { recursive: true, force: true });
  }
}

/** Where links lead to. @throws UsageError where something is there. */
function targetOf(path: string, written: string): string {
  const stat = statSync(path, { throwIfNoEntry: false });
  if (stat === undefined) return path;
  if (!stat.isDirectory()) throw new UsageError(`${written} is no folder: name one that is new or empty`);
  if (readdirSync(path).length > 0) {
    throw new UsageError(`${written} is not empty: name a folder that is new or empty`);
  }
  return realpathSync(path);
}

/** One rename: the folder is there whole, or it is not there. */
function moveTo(staging: string, folder: string): void {
  if (existsSync(folder)) rmdirSync(folder);
  renameSync(staging, folder);
}

function told(
  folder: string,
  made: { readonly run: string; readonly step: string; readonly format: string },
  isJson: boolean,
): string {
  const files = readdirSync(folder)
    .sort()
    .map((file) => ({ file, bytes: statSync(join(folder, file)).size }));
  if (isJson) return jsonDocument({ ...made, folder, files });
  const place = relative(process.cwd(), folder) || ".";
  const width = Math.max(...files.map(({ file }) => file.length));
  const lines = files.map(
    ({ file, bytes }) => `  ${printableLine(file).padEnd(width)}  ${bytesText(bytes).padStart(8)}\n`,
  );
  return `${printableLine(place)}: ${made.format} of ${made.step}\n${lines.join("")}`;
}

const EVERY_MS = 200;

/** On a terminal, how far it is. */
function progressLine({ stderr }: Program): { tell(done: number, total: number): void; end(): void } {
  if (!stderr.isTTY) return { tell() {}, end() {} };
  let last = 0;
  let isShown = false;
  const clear = "\r\u001b[K";
  return {
    tell(done, total) {
      const now = performance.now();
      if (now - last < EVERY_MS) return;
      last = now;
      isShown = true;
      stderr.write(`${clear}${grouped(done)} of ${grouped(total)} rows`);
    },
    end() {
      if (isShown) stderr.write(clear);
      isShown = false;
    },
  };
}
