import { type ChildProcess, execFileSync, spawn, spawnSync } from "node:child_process";
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { RunRecord } from "../../engine/record/run-record.ts";

export const repository = new URL("../..", import.meta.url).pathname;
const program = join(repository, "dist/flow.js");

export interface Finished {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** A flow process that runs. */
export interface Running {
  readonly child: ChildProcess;
  readonly finished: Promise<Finished>;
}

/** A folder with pipelines, in which the built program runs as users run it. */
export interface Workplace {
  readonly root: string;
  write(name: string, content: string | Buffer): void;
  start(args: readonly string[], env?: Readonly<Record<string, string>>): Running;
  flow(args: readonly string[], env?: Readonly<Record<string, string>>): Promise<Finished>;
  /** run.json of the newest run. */
  record(): RunRecord;
  /** Names of all entries of all stores, without descriptions, and without what `organize` remembers of pictures. */
  entries(): readonly string[];
  remove(): void;
}

/**
 * A new workplace in a temporary folder.
 *
 * @param as `"ordinary"`: the program runs as a user without privileges, to
 *   whom modes mean something, also where the tests run as root.
 * @param main the program, where it is not the built one as users have it.
 */
export function newWorkplace({
  as,
  main = program,
}: {
  readonly as?: "ordinary";
  readonly main?: string;
} = {}): Workplace {
  const root = realpathSync(mkdtempSync(join(tmpdir(), "flow-cli-")));
  const user = as === "ordinary" ? ordinaryUser() : {};
  if (user.uid !== undefined) chownSync(root, user.uid, user.gid);
  const file = user.uid === undefined ? main : readableProgram(user.uid);
  const start = (args: readonly string[], env: Readonly<Record<string, string>> = {}): Running => {
    const child = spawn(process.execPath, [file, ...args], {
      cwd: root,
      ...user,
      env: { PATH: process.env.PATH, HOME: root, FLOW_HOME: join(root, "home"), ...env },
    });
    let stdout = "";
    let stderr = "";
    child.stdout.on("data", (data) => {
      stdout += data;
    });
    child.stderr.on("data", (data) => {
      stderr += data;
    });
    const finished = new Promise<Finished>((resolve) => {
      child.on("close", (code, signal) => resolve({ code, signal, stdout, stderr }));
    });
    return { child, finished };
  };
  return {
    root,
    write(name, content) {
      writeFileSync(join(root, name), content);
      if (user.uid !== undefined) chownSync(join(root, name), user.uid, user.gid);
    },
    start,
    flow: (args, env) => start(args, env).finished,
    record: () => JSON.parse(readFileSync(join(root, "runs/latest/run.json"), "utf8")) as RunRecord,
    entries() {
      const stores = join(root, ".flow/stores");
      const names = (folder: string): string[] => {
        try {
          return readdirSync(folder);
        } catch {
          return [];
        }
      };
      const isOfPictures = (store: string): boolean => {
        const description = join(stores, store, "store.json");
        return existsSync(description) && readFileSync(description, "utf8").includes('"type":"organize"');
      };
      const others = names(stores).filter((store) => !isOfPictures(store));
      return others.flatMap((store) =>
        names(join(stores, store))
          .filter((name) => name !== "store.json")
          .map((name) => `${store}/${name}`),
      );
    },
    remove: () => rmSync(root, { recursive: true, force: true }),
  };
}

interface User {
  readonly uid: number;
  readonly gid: number;
}

/** Nobody, where the tests run as root; else whoever runs them. */
function ordinaryUser(): User | { readonly uid?: undefined; readonly gid?: undefined } {
  return process.getuid?.() === 0 ? { uid: 65534, gid: 65534 } : {};
}

let copy: string | undefined;

/** The built program where a user can read it: a checkout may lie in a folder that only root can enter. */
function readableProgram(uid: number): string {
  const read = spawnSync("test", ["-r", program], { uid, cwd: "/" });
  if (read.status === 0) return program;
  if (copy === undefined) {
    const folder = mkdtempSync(join(tmpdir(), "flow-program-"));
    chmodSync(folder, 0o755);
    process.once("exit", () => rmSync(folder, { recursive: true, force: true }));
    execFileSync("cp", ["-R", "dist", "node_modules", "package.json", folder], { cwd: repository });
    copy = join(folder, "dist/flow.js");
  }
  return copy;
}

/** Pids of the processes that a process started. */
export function childrenOf(pid: number): readonly number[] {
  const text = execFileSync("ps", ["-A", "-o", "pid=,ppid="], { encoding: "utf8" });
  return text
    .trim()
    .split("\n")
    .map((line) => line.trim().split(/\s+/).map(Number))
    .filter(([, parent]) => parent === pid)
    .map(([child]) => child as number);
}

/** Waits until something is so; fails after a minute. */
export async function until(condition: () => boolean, what: string): Promise<void> {
  const deadline = Date.now() + 60_000;
  while (!condition()) {
    if (Date.now() > deadline) throw new Error(`waited a minute for ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

/** Digests of all outputs of a run. */
export function digestsOf(record: RunRecord): Record<string, string> {
  return Object.fromEntries(
    Object.entries(record.steps).flatMap(([id, { outputs }]) =>
      Object.entries(outputs).map(([name, { digest }]) => [`${id}/${name}`, digest]),
    ),
  );
}

/** A pipeline `p` with one command step `s`, whose output is `o`; `inputs` is YAML with the comma after it. */
export function commandPipeline(inputs = "", run = "echo 1 > $FLOW_OUTPUT_O/f"): string {
  return `name: p\nsteps:\n  s: { uses: command, ${inputs}with: { run: '${run}', outputs: [o] } }\n`;
}
