import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { hostname } from "node:os";

/** Names one process for as long as a disk remembers it: a pid alone is reused. */
export interface ProcessIdentity {
  readonly host: string;
  readonly pid: number;
  /** When it started, as the operating system tells it: an opaque word. */
  readonly start: string;
}

let own: ProcessIdentity | undefined;

export function ownIdentity(): ProcessIdentity {
  own ??= { host: hostname(), pid: process.pid, start: startOf(process.pid) ?? "unknown" };
  return own;
}

/** Whether a process of this host still runs; `undefined` where another host would have to be asked. */
export function isAlive(process: ProcessIdentity): boolean | undefined {
  if (process.host !== ownIdentity().host) return undefined;
  return startOf(process.pid) === process.start;
}

/** One word for file names; `fromWord` reads it back. */
export function toWord(process: ProcessIdentity): string {
  return `${process.host.replaceAll("~", "-")}~${process.pid}~${process.start}`;
}

export function fromWord(word: string): ProcessIdentity | undefined {
  const [host, pid, start] = word.split("~");
  if (!host || !pid || !start) return undefined;
  return { host, pid: Number(pid), start };
}

function startOf(pid: number): string | undefined {
  try {
    // The command name, in parentheses, may hold spaces; field 22 is counted from behind it.
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    return fields[0] === "Z" ? undefined : fields[19];
  } catch (error) {
    if (process.platform === "linux" && (error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
  }
  try {
    const text = execFileSync("ps", ["-o", "lstart=", "-p", String(pid)], { encoding: "utf8" });
    return text.trim().replaceAll(/\W+/g, "-") || undefined;
  } catch {
    return undefined;
  }
}
