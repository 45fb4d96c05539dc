import { accessSync, closeSync, constants, openSync, readSync, statSync } from "node:fs";
import { isAbsolute, join } from "node:path";
import { StepError } from "../../engine/step-type.ts";
import { GUARD } from "./guard.ts";

/**
 * The program as a path: `exec` in a shell would tell a missing one only by an exit code that the program may have too.
 *
 * @throws StepError where there is none that could be run.
 */
export function locate(name: string, cwd: string, path = ""): string {
  if (name === "") throw new StepError("the program has no name: the first entry of `run` is empty");
  if (name.includes("\0")) throw new StepError("an argument holds a NUL character");
  const places = name.includes("/")
    ? [isAbsolute(name) ? name : join(cwd, name)]
    : path.split(":").map((folder) => join(folder === "" ? cwd : folder, name));
  const found = places.filter(isFile);
  const [runnable] = found.filter(isExecutable);
  if (runnable !== undefined) return runnable;
  if (found.length > 0) throw new StepError(`${name} is not executable`);
  const [place = ""] = places;
  if (name.includes("/") && isFolder(place)) throw new StepError(`${name} is a folder, not a program`);
  throw new StepError(`${name} is not there, or not in PATH`);
}

/** Why the system refused to make a process. */
export function refusal(name: string, error: unknown): unknown {
  const { code } = error as NodeJS.ErrnoException;
  const reasons: Readonly<Record<string, string>> = {
    E2BIG: "its arguments and environment are longer than the system allows: put long texts into a file",
    ENOENT: "there is no /bin/sh, or the project folder is gone",
    ENOTDIR: "the project folder is gone",
    EACCES: "permission is denied",
  };
  const reason = reasons[code ?? ""];
  return reason === undefined ? error : new StepError(`${name} cannot be started: ${reason}`);
}

/**
 * Why the shell that was to become the program did not; `undefined` where it did.
 *
 * @param file the program's path.
 * @param lines the last that was printed.
 */
export function execRefusal(name: string, file: string, lines: readonly string[]): unknown {
  if (lines.length === 0 || !lines.every((line) => line.startsWith(`${GUARD}: `))) return undefined;
  if (/fork|resource temporarily/i.test(lines.join())) {
    return Object.assign(new Error(`${name} cannot be started`), { code: "EAGAIN", syscall: "fork" });
  }
  return new StepError(`${name} cannot be started: ${flawOf(file, lines.join())}`);
}

function flawOf(file: string, said: string): string {
  const interpreter = interpreterOf(file);
  if (interpreter?.endsWith("\r")) {
    return "its first line ends with a carriage return, as Windows writes it; save it with line feeds alone";
  }
  if (interpreter !== undefined && !isFile(interpreter)) {
    return `${interpreter}, which its first line names, is not there`;
  }
  if (interpreter !== undefined && !isExecutable(interpreter)) {
    return `${interpreter}, which its first line names, is not executable`;
  }
  if (/permission denied/i.test(said)) return "permission is denied, as on a disk that is mounted noexec";
  if (/too long|too large/i.test(said)) {
    return "its arguments and environment are longer than the system allows: put long texts into a file";
  }
  return "the system cannot execute it; it may be made for another kind of machine, or damaged";
}

const FIRST_LINE_BYTES = 512;

/** What stands behind `#!`; `undefined` where nothing does. */
function interpreterOf(file: string): string | undefined {
  try {
    const opened = openSync(file, "r");
    try {
      const bytes = Buffer.alloc(FIRST_LINE_BYTES);
      const text = bytes.subarray(0, readSync(opened, bytes)).toString("utf8");
      const [, line] = /^#![ \t]*([^\n]*)/.exec(text) ?? [];
      if (line === undefined) return undefined;
      return /^\S+\r$/.test(line) ? line : line.split(/[ \t\r]/)[0];
    } finally {
      closeSync(opened);
    }
  } catch {
    return undefined;
  }
}

function isFile(path: string): boolean {
  try {
    return statSync(path).isFile();
  } catch {
    // Nothing there, or in a folder that this user cannot enter: PATH may name such.
    return false;
  }
}

function isFolder(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() === true;
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
