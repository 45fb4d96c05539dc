import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";

/**
 * The processes of a session: a program and all it started, also those that made
 * process groups of their own. One that calls setsid has left it, and is not found.
 */
function membersOf(session: number): readonly number[] {
  if (process.platform !== "linux") return membersByPs(session);
  const members: number[] = [];
  for (const name of readdirSync("/proc")) {
    if (!/^\d+$/.test(name)) continue;
    const fields = statFields(Number(name));
    // State, and the session as field 6, counted from behind the command's name.
    if (fields !== undefined && fields[0] !== "Z" && Number(fields[3]) === session)
      members.push(Number(name));
  }
  return members;
}

function membersByPs(session: number): readonly number[] {
  try {
    const text = execFileSync("ps", ["-A", "-o", "pid=,pgid=,stat="], { encoding: "utf8" });
    const rows = text.split("\n").map((line) => line.trim().split(/\s+/));
    return rows
      .filter(([, group, state = "Z"]) => Number(group) === session && !state.startsWith("Z"))
      .map(([pid]) => Number(pid));
  } catch {
    return [];
  }
}

/**
 * Sends all of a session a signal; 0 only looks who is left. The guard is left
 * alone; it is told from the rest by the name it was given.
 *
 * @returns whether anybody is left.
 */
export function signalSession(session: number, signal: NodeJS.Signals | 0, guard: string): boolean {
  const left = membersOf(session).filter((pid) => nameOf(pid) !== guard);
  if (signal !== 0) for (const pid of left) send(pid, signal);
  return left.length > 0;
}

/** What a shell was given as $0: `sh -c <line> <name>`. */
function nameOf(pid: number): string | undefined {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, "utf8").split("\0")[3];
  } catch {
    return undefined;
  }
}

/** Kills the first process group of a session: when nobody else is left, the guard. */
export function endSession(session: number): void {
  send(-session, "SIGKILL");
}

function send(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch {
    // It is gone already, or belongs to another user.
  }
}

/** Peak memory of a process and those below it, in bytes: the sum of what each has taken at most. 0 where the system does not tell. */
export function peakMemoryBelow(pid: number): number {
  let sum = 0;
  const queue = [pid];
  for (let next = queue.pop(); next !== undefined; next = queue.pop()) {
    try {
      const status = readFileSync(`/proc/${next}/status`, "utf8");
      sum += Number(/^VmHWM:\s+(\d+) kB/m.exec(status)?.[1] ?? 0) * 1024;
      // A child is its thread's that started it.
      for (const thread of readdirSync(`/proc/${next}/task`)) {
        const children = readFileSync(`/proc/${next}/task/${thread}/children`, "utf8");
        queue.push(...children.split(" ").filter(Boolean).map(Number));
      }
    } catch {
      // It ended while it was looked at.
    }
  }
  return sum;
}

/** Fields of /proc/<pid>/stat from the state on; the command's name before them may hold spaces. */
function statFields(pid: number): readonly string[] | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    return stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  } catch {
    return undefined;
  }
}
