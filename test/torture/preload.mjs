// Loaded into engine and workers (NODE_OPTIONS=--import): numbers every call that
// changes the disk or reads the project, writes it down, and lets one go wrong.
import childProcess from "node:child_process";
import fs from "node:fs";
import { syncBuiltinESMExports } from "node:module";
import { join } from "node:path";
import { die, failure, fillDisk, findsDiskFull, tear } from "./faults.mjs";
import { count, inodesBelow, isPlanned, plan, touchedBy, write } from "./trace.mjs";

const project = process.cwd();
// Node's own recursive removal must keep the calls it has: it is one call here.
fs.rmSync(join(project, ".no-such-file"), { recursive: true, force: true });
const handles = await fileHandles();
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
const reading = ["lstat", "readdir", "readFile", "stat"];

for (const [call, at] of Object.entries(paths)) {
  fs[`${call}Sync`] = synchronous(call, at, fs[`${call}Sync`]);
  fs.promises[call] = promised(call, at, fs.promises[call]);
  // The two that are made of others with callbacks are counted there.
  if (call !== "writeFile" && call !== "appendFile") fs[call] = withCallback(call, at, fs[call]);
}
for (const call of reading) {
  fs[`${call}Sync`] = synchronous(call, 0, fs[`${call}Sync`]);
  fs.promises[call] = promised(call, 0, fs.promises[call]);
}
for (const call of descriptors) {
  fs[`${call}Sync`] = synchronous(call, 0, fs[`${call}Sync`]);
  fs[call] = withCallback(call, 0, fs[call]);
}
for (const call of methods) handles[call] = promised(call, "this", handles[call]);
for (const call of ["spawn", "fork", "execFile"]) childProcess[call] = starting(call, childProcess[call]);
syncBuiltinESMExports();

function synchronous(call, at, original) {
  const wrapped = function (...args) {
    if (depth > 0) return original.apply(this, args);
    if (isRead(call, args)) {
      readOf(call, args);
      return original.apply(this, args);
    }
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
  return Object.defineProperties(wrapped, Object.getOwnPropertyDescriptors(original));
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
    if (isRead(call, args)) {
      readOf(call, args);
      return original.apply(this, args);
    }
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
  if (reading.includes(call)) return true;
  if (call !== "open") return false;
  const flags = typeof args[1] === "function" ? "r" : (args[1] ?? "r");
  const writing = fs.constants.O_WRONLY | fs.constants.O_RDWR | fs.constants.O_CREAT;
  return typeof flags === "number" ? (flags & writing) === 0 : !/[wa+]/.test(flags);
}

/** Reading what belongs to the project: programs and libraries are not the test's. */
function readOf(call, args) {
  const path = String(args[0]);
  if (typeof args[0] !== "string" || !path.startsWith(project)) return;
  const number = count("reads");
  write({ read: number, call, path });
  if (isPlanned("reads", number)) throw failure(plan.fault, call, path);
}

function begin(call, args, at, self) {
  const number = count("writes");
  const target = at === "this" ? self.fd : at === undefined ? args[0] : (args[at]?.fd ?? args[at]);
  const path = typeof target === "number" || target === undefined ? undefined : String(target);
  const from = call === "rename" ? String(args[0]) : undefined;
  // What takes a name must have been synced, all of it.
  const moved = from === undefined ? undefined : inodesBelow(from);
  write({ begin: number, call, path, from, moved });
  const fault = isPlanned("writes", number) ? plan.fault : undefined;
  if (fault === "kill") die();
  if (fault === "tear" && tear(call, args, target)) die();
  if (fault === "full") fillDisk();
  return {
    isLate: fault === "tear",
    fail() {
      if (/^E/.test(fault ?? "")) throw failure(fault, call, path);
      if (findsDiskFull(call)) throw failure("ENOSPC", call, path);
    },
    end(result) {
      const opened = call === "open" ? (result?.fd ?? result) : target;
      const flushed = args.some((arg) => arg?.flush === true) || undefined;
      // A folder that was there already has not changed.
      const isNothing = call === "mkdir" && args[1]?.recursive === true && result === undefined;
      write({ end: number, touched: isNothing ? [] : touchedBy(opened, path), flushed });
      if (fault === "tear") die();
    },
  };
}

async function fileHandles() {
  const handle = await fs.promises.open(process.execPath, "r");
  await handle.close();
  return Object.getPrototypeOf(handle);
}
