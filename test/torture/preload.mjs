// Loaded into engine and workers (NODE_OPTIONS=--import): numbers every call that
// changes the disk, writes down what it did, and lets one of them go wrong.
//
// FLOW_TORTURE is JSON: { folder, process?, at?, fault? }. `folder` takes the trace;
// `process` is "engine.0", "worker.0", "worker.1" …, in the order they started.
import childProcess from "node:child_process";
import fs from "node:fs";
import { syncBuiltinESMExports } from "node:module";
import { constants } from "node:os";
import { basename, dirname, join } from "node:path";

// Node's own recursive removal must keep the calls it has: it is one call here.
fs.rmSync(join(process.cwd(), ".no-such-file"), { recursive: true, force: true });
const real = { ...fs };
const plan = JSON.parse(process.env.FLOW_TORTURE ?? "{}");
const name = newName(process.argv[2] === "__worker" ? "worker" : "engine");
const trace = real.openSync(join(plan.folder, "trace.ndjson"), "a");
const handles = await fileHandles();
let calls = 0;
/** Node implements some calls by others of them: only the outermost counts. */
let depth = 0;

// Calls by what they change: a path by its place among the arguments, or the open file.
const paths = {
  appendFile: 0,
  chmod: 0,
  chown: 0,
  copyFile: 1,
  cp: 1,
  lchown: 0,
  link: 1,
  lutimes: 0,
  mkdir: 0,
  mkdtemp: 0,
  open: 0,
  rename: 1,
  rm: 0,
  rmdir: 0,
  symlink: 1,
  truncate: 0,
  unlink: 0,
  utimes: 0,
  writeFile: 0,
};
const descriptors = ["fchmod", "fchown", "fdatasync", "fsync", "ftruncate", "futimes", "write", "writev"];
const methods = [
  "appendFile",
  "chmod",
  "chown",
  "datasync",
  "sync",
  "truncate",
  "utimes",
  "write",
  "writeFile",
  "writev",
];

for (const [call, at] of Object.entries(paths)) {
  fs[`${call}Sync`] = synchronous(call, at, fs[`${call}Sync`]);
  fs.promises[call] = promised(call, at, fs.promises[call]);
  // The two that are made of others with callbacks are counted there.
  if (call !== "writeFile" && call !== "appendFile") fs[call] = withCallback(call, at, fs[call]);
}
for (const call of descriptors) {
  fs[`${call}Sync`] = synchronous(call, 0, fs[`${call}Sync`]);
  fs[call] = withCallback(call, 0, fs[call]);
}
for (const call of methods) handles[call] = promised(call, "this", handles[call]);
for (const call of ["spawn", "fork", "execFile"]) childProcess[call] = starting(call, childProcess[call]);
syncBuiltinESMExports();

function synchronous(call, at, original) {
  return function (...args) {
    if (depth > 0 || isRead(call, args)) return original.apply(this, args);
    const done = begin(call, args, at, this);
    depth++;
    try {
      done.fail();
      const result = original.apply(this, args);
      done.end(result);
      return result;
    } finally {
      depth--;
    }
  };
}

function withCallback(call, at, original) {
  const wrapped = function (...args) {
    const callback = args.at(-1);
    if (depth > 0 || isRead(call, args) || typeof callback !== "function") return original.apply(this, args);
    const done = begin(call, args, at, this);
    try {
      done.fail();
    } catch (error) {
      process.nextTick(callback, error);
      return;
    }
    args[args.length - 1] = (error, ...results) => {
      if (!error) done.end(results[0]);
      callback(error, ...results);
    };
    return original.apply(this, args);
  };
  return Object.defineProperties(wrapped, Object.getOwnPropertyDescriptors(original));
}

function promised(call, at, original) {
  return async function (...args) {
    if (isRead(call, args)) return original.apply(this, args);
    const done = begin(call, args, at, this);
    done.fail();
    const result = await original.apply(this, args);
    done.end(result);
    return result;
  };
}

/** A program that is started; `sync` brings a file system to the disk when it ends. */
function starting(call, original) {
  const wrapped = function (...args) {
    if (depth > 0) return original.apply(this, args);
    const done = begin(call === "execFile" && args[0] === "sync" ? "syncfs" : call, args, undefined);
    depth++;
    let child;
    try {
      child = original.apply(this, args);
    } finally {
      depth--;
    }
    write({ started: child.pid });
    if (done.isLate) die();
    child.once("exit", (code) => code === 0 && done.end());
    return child;
  };
  return Object.defineProperties(wrapped, Object.getOwnPropertyDescriptors(original));
}

/** Opening changes the disk only where it is for writing. */
function isRead(call, args) {
  if (call !== "open") return false;
  const flags = typeof args[1] === "function" ? "r" : (args[1] ?? "r");
  const writing = fs.constants.O_WRONLY | fs.constants.O_RDWR | fs.constants.O_CREAT;
  return typeof flags === "number" ? (flags & writing) === 0 : !/[wa+]/.test(flags);
}

function begin(call, args, at, self) {
  const number = ++calls;
  const target = at === "this" ? self.fd : at === undefined ? args[0] : (args[at]?.fd ?? args[at]);
  const path = typeof target === "number" || target === undefined ? undefined : String(target);
  const from = call === "rename" ? String(args[0]) : undefined;
  // What takes a name must have been synced, all of it.
  const moved = from === undefined ? undefined : inodesBelow(from);
  write({ begin: number, call, path, from, moved });
  const isNow = plan.process === name && plan.at === number;
  if (isNow && plan.fault === "kill") die();
  if (isNow && plan.fault === "tear" && tear(call, args, target)) die();
  return {
    isLate: isNow && plan.fault === "tear",
    fail() {
      if (isNow && /^E/.test(plan.fault)) throw failure(call, path);
    },
    end(result) {
      const opened = call === "open" ? (result?.fd ?? result) : target;
      const flushed = args.some((arg) => arg?.flush === true) || undefined;
      // A folder that was there already has not changed.
      const isNothing = call === "mkdir" && args[1]?.recursive === true && result === undefined;
      write({ end: number, touched: isNothing ? [] : touchedBy(opened, path), flushed });
      if (isNow && plan.fault === "tear") die();
    },
  };
}

/** Does half of what the call would do; false where it has no halves. */
function tear(call, args, target) {
  switch (call) {
    case "writeFile":
    case "appendFile":
    case "write": {
      const data = call === "write" || args[0] !== target ? args.find(isData) : args[1];
      const bytes = typeof data === "string" ? Buffer.from(data) : data;
      const half = bytes.subarray(0, bytes.length >> 1);
      if (typeof target === "number") real.writeSync(target, half);
      else real.writeFileSync(target, half, { flag: call === "appendFile" ? "a" : "w" });
      return true;
    }
    case "copyFile": {
      const bytes = real.readFileSync(args[0]);
      real.writeFileSync(target, bytes.subarray(0, bytes.length >> 1));
      return true;
    }
    case "rm": {
      const stat = real.lstatSync(target, { throwIfNoEntry: false });
      if (!stat?.isDirectory()) return false;
      const inner = real.readdirSync(target).sort();
      for (const entry of inner.slice(0, Math.ceil(inner.length / 2))) {
        real.rmSync(join(String(target), entry), { recursive: true, force: true });
      }
      return true;
    }
    default:
      return false;
  }
}

function isData(argument) {
  return ArrayBuffer.isView(argument) || (typeof argument === "string" && !argument.startsWith("/"));
}

function failure(call, path) {
  const errno = -constants.errno[plan.fault];
  const where = path === undefined ? "" : ` '${path}'`;
  const error = new Error(`${plan.fault}: injected, ${call}${where}`);
  return Object.assign(error, {
    errno,
    code: plan.fault,
    syscall: call,
    ...(path === undefined ? {} : { path }),
  });
}

function die() {
  // A power cut takes the whole group; a crash one process.
  process.kill(plan.whole ? 0 : process.pid, "SIGKILL");
  for (;;);
}

/** Inodes of what was changed: the file, and the folder that has its name. */
function touchedBy(target, path) {
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

function inodesBelow(path) {
  const stat = real.lstatSync(path, { throwIfNoEntry: false });
  if (stat === undefined) return [];
  const inner = stat.isDirectory() ? real.readdirSync(path) : [];
  return [[basename(path), stat.ino], ...inner.flatMap((entry) => inodesBelow(join(path, entry)))];
}

function write(line) {
  real.writeSync(trace, `${JSON.stringify({ process: name, ...line })}\n`);
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

async function fileHandles() {
  const handle = await fs.promises.open(process.execPath, "r");
  await handle.close();
  return Object.getPrototypeOf(handle);
}
