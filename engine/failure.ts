import { sep } from "node:path";
import { TreeError } from "./cache/tree.ts";
import { MachineError, StepError } from "./step-type.ts";

/** What went wrong, and whose fault it is. Commands make their exit codes from the kind. */
export interface Failure {
  readonly message: string;
  /**
   * `step`: the user's, or of the data; the message says what. `worker`: a worker
   * process died. `machine`: the disk, the cache or the system. `bug`: ours.
   */
  readonly kind: "step" | "worker" | "machine" | "bug";
  /** The last lines the worker printed, or a stack where the bug is ours. */
  readonly detail?: string;
}

/**
 * An error in the words the user gets: the one place where exceptions become failures.
 *
 * @param own folders that are flow's (cache, records, FLOW_HOME), absolute: a
 *   file that is missing or denied there is the machine's fault, elsewhere the user's.
 */
export function describeFailure(error: unknown, own: readonly string[]): Failure {
  if (!(error instanceof Error)) return { kind: "bug", message: String(error) };
  if (error instanceof StepError || error instanceof TreeError)
    return { kind: "step", message: error.message };
  if (error instanceof MachineError) return { kind: "machine", message: error.message };
  const { code = "", path, syscall } = error as NodeJS.ErrnoException;
  const file = path === undefined || path === "" ? "" : `: ${path}`;
  const ofMachine = machineCodes[code];
  if (ofMachine !== undefined) return { kind: "machine", message: `${ofMachine}${file}` };
  const ofFile = fileCodes[code];
  if (ofFile !== undefined && file !== "") {
    return { kind: isOwn(path ?? "", own) ? "machine" : "step", message: `${ofFile}${file}` };
  }
  // A system call failed in a way that has no sentence of its own: still no mistake in flow.
  if (syscall !== undefined && /^E[A-Z0-9]+$/.test(code)) {
    return { kind: "machine", message: `the system refuses (${code}, ${syscall})${file}` };
  }
  return { kind: "bug", message: error.message, ...(error.stack ? { detail: error.stack } : {}) };
}

/** How a process was ended by a signal, as the rest of a sentence. */
export function killedBy(signal: string): string {
  return `was killed by ${signal}${signal === "SIGKILL" ? "; the system does this when memory runs out" : ""}`;
}

/** What a process that died had printed last. */
export interface LastWords {
  /** V8 aborts, and says so before it prints pages of addresses. */
  readonly isOutOfMemory: boolean;
  /** The last lines; empty where there are none. */
  readonly lines: string;
}

export function lastWordsOf(printed: string, lines: number): LastWords {
  return {
    isOutOfMemory: printed.includes("JavaScript heap out of memory"),
    lines: printed.trimEnd().split("\n").slice(-lines).join("\n"),
  };
}

/** What no file is to blame for, wherever it happens. */
const machineCodes: Readonly<Record<string, string>> = {
  ENOSPC: "the disk is full",
  EDQUOT: "the disk quota is used up",
  EROFS: "the file system is read-only",
  EIO: "the disk reports an error",
  EMFILE: "too many files are open",
  ENFILE: "too many files are open in the whole system",
  ENOMEM: "memory ran out",
  EAGAIN: "the system is out of processes or other resources",
  EFBIG: "the file is larger than the file system allows",
  ESTALE: "the network disk has lost a file",
  ENOTCONN: "the disk is not connected any more",
  EHOSTDOWN: "the host of the disk does not answer",
  ETIMEDOUT: "the disk does not answer",
  ENODEV: "the device is gone",
  ENXIO: "the device is gone",
};

/** What a file is to blame for: the user's own, or one of flow's that something else has changed. */
const fileCodes: Readonly<Record<string, string>> = {
  ENOENT: "it is not there",
  EACCES: "permission is denied",
  EPERM: "permission is denied",
  ENOTDIR: "a part of the path is no folder",
  EISDIR: "it is a folder, not a file",
  ENOTEMPTY: "the folder is not empty",
  EEXIST: "it is there already",
  ELOOP: "the links lead in a circle",
  ENAMETOOLONG: "the name is too long",
  EBUSY: "it is in use",
  ETXTBSY: "it is in use",
  EINVAL: "the file system cannot do this",
  EXDEV: "the file system cannot do this",
  ENOTSUP: "the file system cannot do this",
  EOPNOTSUPP: "the file system cannot do this",
  ENOSYS: "the file system cannot do this",
  EILSEQ: "the file system does not take such a name",
};

function isOwn(path: string, own: readonly string[]): boolean {
  return own.some((folder) => path === folder || path.startsWith(folder + sep));
}
