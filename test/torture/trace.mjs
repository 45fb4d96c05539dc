// What a process of a torture run writes down, and what it is told to let go wrong.
import fs from "node:fs";
import { basename, dirname, join } from "node:path";

const real = { ...fs };

/** { folder, process?, of?, at?, fault?, whole? }: see disturb.ts. */
export const plan = JSON.parse(process.env.FLOW_TORTURE ?? "{}");
const name = newName(process.argv[2] === "__worker" ? "worker" : "engine");
const trace = real.openSync(join(plan.folder, "trace.ndjson"), "a");
const counts = { writes: 0, reads: 0 };

/** Whether the plan is about this process' `number`-th call of a kind. */
export function isPlanned(of, number) {
  return plan.process === name && plan.of === of && plan.at === number;
}

/** Numbers a call. */
export function count(of) {
  return ++counts[of];
}

export function write(line) {
  real.writeSync(trace, `${JSON.stringify({ process: name, ...line })}\n`);
}

/** Inodes of what was changed: the file, and the folder that has its name. */
export function touchedBy(target, path) {
  const stat = (look) => {
    try {
      return look().ino;
    } catch {
      return undefined;
    }
  };
  if (typeof target === "number") {
    const folder = path === undefined ? undefined : stat(() => real.statSync(dirname(path)));
    return [stat(() => real.fstatSync(target)), folder];
  }
  if (path === undefined) return [];
  return [stat(() => real.lstatSync(path)), stat(() => real.statSync(dirname(path)))];
}

export function inodesBelow(path) {
  const stat = real.lstatSync(path, { throwIfNoEntry: false });
  if (stat === undefined) return [];
  const inner = stat.isDirectory() ? real.readdirSync(path) : [];
  return [[basename(path), stat.ino], ...inner.flatMap((entry) => inodesBelow(join(path, entry)))];
}

function newName(role) {
  for (let serial = 0; ; serial++) {
    try {
      const file = join(plan.folder, `${role}.${serial}`);
      real.writeFileSync(file, String(process.pid), { flag: "wx" });
      return `${role}.${serial}`;
    } catch (error) {
      if (error.code !== "EEXIST") throw error;
    }
  }
}
