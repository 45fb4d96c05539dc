import { execFileSync, spawnSync } from "node:child_process";
import { existsSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { repository } from "../cli/flow.ts";

/** Starts a real, throw-away cluster of Slurm on this machine; it lies beside the repository. */
const tool = join(repository, "../shared/tools/slurm-dev.sh");

export interface Cluster {
  /** Where all of it lies. */
  readonly folder: string;
  /** What programs need in their environment to find it. */
  readonly env: Readonly<Record<string, string>>;
  /** What a command of Slurm prints. */
  call(command: string, ...args: readonly string[]): string;
  /** Ends one of its daemons at once: `ctld`, `n1`. */
  kill(daemon: string): void;
  /** Brings back what is down. */
  start(): void;
  remove(): void;
}

/** @returns why there is none. */
export function startCluster(): Cluster | string {
  if (!existsSync(tool)) return "../shared/tools/slurm-dev.sh is not there";
  // Not a private one: its daemons are not all the same user.
  const folder = join(tmpdir(), `flow-slurm-${process.pid}`);
  const settings = { SLURM_DEV_DIR: folder, SLURM_DEV_NODES: "3", SLURM_DEV_PORT: "27300" };
  const run = (...args: readonly string[]) =>
    spawnSync("bash", [tool, ...args], { env: { ...process.env, ...settings }, encoding: "utf8" });
  const started = run("start");
  if (started.status !== 0) {
    rmSync(folder, { recursive: true, force: true });
    return `no cluster could be started: ${`${started.stdout}${started.stderr}`.trim().split("\n").at(-1)}`;
  }
  const lines = run("env").stdout;
  const env = Object.fromEntries(
    [...lines.matchAll(/^export (\w+)=["']?([^"'\n]*)["']?$/gm)].map(([, name = "", value = ""]) => [
      name,
      value,
    ]),
  );
  const conf = env.SLURM_CONF ?? join(folder, "etc/slurm.conf");
  if (!readFileSync(conf, "utf8").includes("ClusterName"))
    throw new Error(`${conf} is no configuration of Slurm`);
  return {
    folder,
    env: { SLURM_CONF: conf },
    call: (command, ...args) =>
      execFileSync(command, args, { env: { ...process.env, SLURM_CONF: conf }, encoding: "utf8" }),
    kill: (daemon) => void run("kill", daemon),
    start: () => void run("start"),
    remove: () => void run("purge"),
  };
}
