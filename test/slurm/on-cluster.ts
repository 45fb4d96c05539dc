import { existsSync, readdirSync, readFileSync, readlinkSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeEach, expect, vi } from "vitest";
import { type Finished, newWorkplace, type Running, type Workplace } from "../cli/flow.ts";
import { type Cluster, startCluster } from "./cluster.ts";

/** A cluster for the tests of a file, and for each of them a workplace whose steps are its jobs. */
const started = startCluster();
/** Why there is none. */
export const withoutCluster: string | undefined = typeof started === "string" ? started : undefined;
// biome-ignore lint/suspicious/noConsole: a skip says why
if (withoutCluster !== undefined) console.log(`skipped: ${withoutCluster}`);
export const cluster = started as Cluster;
afterAll(() => {
  if (withoutCluster === undefined) cluster.remove();
});

export const settings = "executor: { kind: slurm, askEvery: 1, grace: 4 }\n";
export let place: Workplace;
beforeEach(async () => {
  // A slurmctld that was away may still show what has long ended.
  if (withoutCluster === undefined) {
    cluster.call("scancel", "--me");
    await vi.waitFor(() => expect(queued()).toBe(""), { timeout: 60_000, interval: 200 });
  }
  place?.remove();
  place = newWorkplace();
  place.write("flow.config.yaml", settings);
});
afterAll(() => place?.remove());

type Env = Readonly<Record<string, string>>;

export const flow = (args: readonly string[], env: Env = {}): Promise<Finished> =>
  place.flow(args, { ...cluster.env, ...env });
export const start = (args: readonly string[]): Running => place.start(args, cluster.env);
export const queued = (): string => cluster.call("squeue", "--me", "-h", "-t", "PENDING,RUNNING", "-o", "%i");
/** Batches that are kept. */
export const jobs = (): readonly string[] => {
  const folder = join(place.root, ".flow/jobs");
  return existsSync(folder) ? readdirSync(folder) : [];
};

/** A step that says when it begins, and takes some seconds. */
export const slow = (seconds: number, begun = "begun"): string => `
name: slow
steps:
  wait: { uses: command, with: { run: "echo x >> ${begun}; sleep ${seconds}; echo done > \${outputs.out}/x", outputs: [out] } }
`;
export const slowHere = (seconds: number): string => slow(seconds, join(place.root, "begun"));
export function linesOf(file: string): number {
  return existsSync(file) ? readFileSync(file, "utf8").split("\n").length - 1 : 0;
}
export const beginnings = (): number => linesOf(join(place.root, "begun"));
export const whenBegun = (): Promise<void> =>
  vi.waitFor(() => expect(beginnings()).toBe(1), { timeout: 20_000, interval: 50 });

/** Processes of this cluster, or of this workplace, by their command lines. */
export function pidsOf(...names: readonly string[]): readonly number[] {
  const found: number[] = [];
  for (const pid of readdirSync("/proc").filter((name) => /^\d+$/.test(name))) {
    try {
      const line = readFileSync(`/proc/${pid}/cmdline`, "utf8").replaceAll("\0", " ");
      // Of another cluster's none.
      const where = `${line} ${readlinkSync(`/proc/${pid}/cwd`)}`;
      const isOurs = where.includes(cluster.folder) || where.includes(place.root);
      if (isOurs && names.some((name) => line.includes(name))) found.push(Number(pid));
    } catch {
      // It has ended.
    }
  }
  return found;
}
