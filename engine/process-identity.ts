import { execFileSync } from "node:child_process";
import { readFileSync, readlinkSync } from "node:fs";
import { hostname } from "node:os";

/** Names one process for as long as a disk remembers it: a pid alone is reused, and containers number theirs anew. */
export interface ProcessIdentity {
  readonly host: string;
  /** The boot it belongs to; empty where the system does not tell, or an older flow wrote it. */
  readonly boot: string;
  /** The PID namespace; empty likewise. */
  readonly namespace: string;
  readonly pid: number;
  /** When it started, as the operating system tells it: an opaque word. */
  readonly start: string;
}

const UNKNOWN = "unknown";

let own: ProcessIdentity | undefined;

export function ownIdentity(): ProcessIdentity {
  own ??= {
    host: hostname(),
    boot: firstWord(() => readFileSync("/proc/sys/kernel/random/boot_id", "utf8")).slice(0, 8),
    namespace: firstWord(() => readlinkSync("/proc/self/ns/pid")).replaceAll(/\D/g, ""),
    pid: process.pid,
    start: startOf(process.pid) ?? UNKNOWN,
  };
  return own;
}

/**
 * Whether a process still runs; `undefined` where it cannot be seen from here:
 * on another host, in another PID namespace, or hidden. What cannot be seen is
 * not dead: then its heartbeat decides.
 */
export function isAlive(identity: ProcessIdentity): boolean | undefined {
  const here = ownIdentity();
  if (identity.host !== here.host) return undefined;
  // Words of an older flow name neither; two containers with one host name do not see each other.
  if (identity.boot !== here.boot || identity.namespace !== here.namespace) return undefined;
  if (!exists(identity.pid)) return false;
  const start = startOf(identity.pid);
  return start === undefined || identity.start === UNKNOWN ? undefined : start === identity.start;
}

/** One word for file names; `fromWord` reads it back. */
export function toWord({ host, boot, namespace, pid, start }: ProcessIdentity): string {
  return [host.replaceAll(/[~/]/g, "-"), boot, namespace, pid, start].join("~");
}

/** Also reads `host~pid~start` at the beginning of a word, as it was written once. */
export function fromWord(word: string): ProcessIdentity | undefined {
  const parts = word.split("~");
  const [host = "", boot = "", namespace = "", pid = "", start = ""] =
    parts.length >= 5 ? parts : [parts[0], "", "", parts[1], parts[2]];
  if (host === "" || !/^\d+$/.test(pid) || start === "") return undefined;
  return { host, boot, namespace, pid: Number(pid), start };
}

/** Whether this namespace has a process of that number; one of another user counts. */
function exists(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}

/** `gone` for a zombie; `undefined` where the system does not show it. */
function startOf(pid: number): string | undefined {
  try {
    // The command name, in parentheses, may hold spaces; field 22 is counted from behind it.
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    return fields[0] === "Z" ? "gone" : fields[19];
  } catch {
    if (process.platform === "linux") return undefined;
  }
  // The same words for whoever asks, whatever their language and time zone.
  const env = { ...process.env, LC_ALL: "C", TZ: "UTC" };
  const ps = () => execFileSync("ps", ["-o", "lstart=", "-p", String(pid)], { encoding: "utf8", env });
  return firstWord(ps) || undefined;
}

function firstWord(read: () => string): string {
  try {
    return read().trim().replaceAll(/\W+/g, "-");
  } catch {
    return "";
  }
}
