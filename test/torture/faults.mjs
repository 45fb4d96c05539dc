// What goes wrong at a call.
import fs from "node:fs";
import { constants } from "node:os";
import { join } from "node:path";
import { plan } from "./trace.mjs";

const real = { ...fs };

/** Ends the process as a crash does; a power cut takes the whole group. */
export function die() {
  process.kill(plan.whole ? 0 : process.pid, "SIGKILL");
  for (;;);
}

/** The error with which a call ends, as Node makes it. */
export function failure(code, call, path) {
  const where = path === undefined ? "" : ` '${path}'`;
  const error = new Error(`${code}: injected, ${call}${where}`);
  const errno = -constants.errno[code];
  return Object.assign(error, { errno, code, syscall: call, ...(path === undefined ? {} : { path }) });
}

const full = join(plan.folder, "full");

/** From here on the disk is full, for every process. */
export function fillDisk() {
  real.writeFileSync(full, "");
}

/** Whether a call finds the disk full: one that needs room on it. */
export function findsDiskFull(call) {
  return (
    /^(appendFile|copyFile|link|mkdir|mkdtemp|open|symlink|write|writeFile|writev)$/.test(call) &&
    real.existsSync(full)
  );
}

/** Does half of what the call would do; false where it has no halves. */
export function tear(call, args, target) {
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
