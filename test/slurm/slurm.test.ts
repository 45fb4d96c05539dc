import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeEach, describe, expect, test, vi } from "vitest";
import { newWorkplace, type Workplace } from "../cli/flow.ts";
import { pipeline, plain } from "../cli/predicting.ts";
import { type Cluster, startCluster } from "./cluster.ts";

// Steps as jobs of a real Slurm, with everything that can go away going away.

const started = startCluster();
// biome-ignore lint/suspicious/noConsole: a skip says why
if (typeof started === "string") console.log(`skipped: ${started}`);
const cluster = started as Cluster;
afterAll(() => {
  if (typeof started !== "string") cluster.remove();
});

const settings = "executor: { kind: slurm, askEvery: 1, grace: 4 }\n";
let place: Workplace;
beforeEach(async () => {
  // A slurmctld that was away may still show what has long ended.
  if (typeof started !== "string") {
    cluster.call("scancel", "--me");
    await vi.waitFor(() => expect(queued()).toBe(""), { timeout: 60_000, interval: 200 });
  }
  place?.remove();
  place = newWorkplace();
  place.write("flow.config.yaml", settings);
});
afterAll(() => place?.remove());

const flow = (args: readonly string[], env: Readonly<Record<string, string>> = {}) =>
  place.flow(args, { ...cluster.env, ...env });
const start = (args: readonly string[]) => place.start(args, cluster.env);
const queued = (): string => cluster.call("squeue", "--me", "-h", "-t", "PENDING,RUNNING", "-o", "%i");
const jobs = (): readonly string[] => {
  const folder = join(place.root, ".flow/jobs");
  return existsSync(folder) ? readdirSync(folder) : [];
};

/** A step that says when it begins, and takes some seconds. */
const slow = (seconds: number, begun = "begun"): string => `
name: slow
steps:
  wait: { uses: command, with: { run: "echo x >> ${begun}; sleep ${seconds}; echo done > \${outputs.out}/x", outputs: [out] } }
`;
function linesOf(file: string): number {
  return existsSync(file) ? readFileSync(file, "utf8").split("\n").length - 1 : 0;
}
const slowHere = (seconds: number): string => slow(seconds, join(place.root, "begun"));
const beginnings = (): number => linesOf(join(place.root, "begun"));
const whenBegun = (): Promise<void> =>
  vi.waitFor(() => expect(beginnings()).toBe(1), { timeout: 20_000, interval: 50 });

describe.skipIf(typeof started === "string")("on a cluster", { timeout: 180_000 }, () => {
  test("a pipeline has the artifacts of a local run, and its record says where it ran", async () => {
    place.write("p.yaml", pipeline(plain));
    expect(await flow(["run", "p.yaml"])).toMatchObject({ code: 0, stderr: "" });
    const record = place.record();
    for (const step of Object.values(record.steps)) {
      expect(step).toMatchObject({ outcome: "ran", executor: "slurm" });
      expect(step.jobs).toEqual([expect.stringMatching(/^\d+_0$/)]);
      expect(step.nodes).toEqual([expect.stringMatching(/^n[123]$/)]);
      expect(step.queuedSeconds).toBeGreaterThanOrEqual(0);
    }
    expect(jobs()).toEqual([]);
    const local = ["run", "p.yaml", "--executor", "local", "--cache", "other"];
    expect(await flow(local)).toMatchObject({ code: 0 });
    for (const [id, step] of Object.entries(place.record().steps)) {
      expect(step).toMatchObject({ outcome: "ran", executor: "local" });
      expect(step.outputs, id).toEqual(record.steps[id]?.outputs);
    }
    expect((await flow(["run", "p.yaml"])).stdout).toContain("5 cached");
  });

  test("what a run left behind that was killed is taken up, and not submitted twice", async () => {
    place.write("p.yaml", slowHere(6));
    const first = start(["run", "p.yaml"]);
    await whenBegun();
    first.child.kill("SIGKILL");
    await first.finished;
    const { code } = await flow(["run", "p.yaml"]);
    expect(code).toBe(0);
    expect(beginnings()).toBe(1);
    expect(place.record().steps.wait).toMatchObject({ outcome: "ran", executor: "slurm" });
    expect(readFileSync(join(place.root, "runs/latest/logs/wait.log"), "utf8")).toMatch(
      /an earlier run has submitted it as job \d+_0/,
    );
  });

  test("what has ended while nobody looked counts", async () => {
    place.write("p.yaml", slowHere(2));
    const first = start(["run", "p.yaml"]);
    await whenBegun();
    first.child.kill("SIGKILL");
    await first.finished;
    await vi.waitFor(() => expect(queued()).toBe(""), { timeout: 20_000, interval: 200 });
    expect((await flow(["run", "p.yaml"])).code).toBe(0);
    expect(beginnings()).toBe(1);
  });

  test.each(["SIGINT", "SIGTERM"] as const)(
    "%s cancels the jobs; the same command begins anew",
    async (signal) => {
      place.write("p.yaml", slowHere(60));
      const first = start(["run", "p.yaml"]);
      await whenBegun();
      first.child.kill(signal);
      expect((await first.finished).code).toBe(130);
      expect(place.record().outcome).toBe("interrupted");
      await vi.waitFor(() => expect(queued()).toBe(""), { timeout: 20_000, interval: 200 });
      place.write("p.yaml", slowHere(0));
      expect((await flow(["run", "p.yaml"])).code).toBe(0);
    },
  );

  test("a terminal that is closed leaves the jobs running, and the same command takes them up", async () => {
    place.write("p.yaml", slowHere(8));
    const first = start(["run", "p.yaml"]);
    await whenBegun();
    first.child.kill("SIGHUP");
    expect((await first.finished).code).toBe(130);
    expect(place.record().outcome).toBe("interrupted");
    expect(queued()).not.toBe("");
    expect((await flow(["run", "p.yaml"])).code).toBe(0);
    expect(beginnings()).toBe(1);
  });

  test("slurmctld may go away while a job runs, and before one is submitted", async () => {
    place.write("p.yaml", slowHere(3));
    const first = start(["run", "p.yaml"]);
    await whenBegun();
    cluster.kill("ctld");
    expect((await first.finished).code).toBe(0);
    place.write("p.yaml", slowHere(1));
    const second = start(["run", "p.yaml"]);
    await sleep(4_000);
    cluster.start();
    const { code, stderr } = await second.finished;
    expect(code, stderr).toBe(0);
    expect(beginnings()).toBe(2);
  });

  test("a node that goes away costs the job, which is submitted again", async () => {
    place.write("p.yaml", slowHere(20));
    const first = start(["run", "p.yaml"]);
    await whenBegun();
    const [node = ""] = cluster.call("squeue", "--me", "-h", "-t", "RUNNING", "-o", "%N").trim().split("\n");
    for (const pid of pidsOf(`slurmstepd`, `slurmd -N ${node}`)) process.kill(pid, "SIGKILL");
    cluster.call("scontrol", "update", `nodename=${node}`, "state=down", "reason=test");
    expect((await first.finished).code).toBe(0);
    expect(place.record().steps.wait?.jobs?.length).toBe(2);
    cluster.call("scontrol", "update", `nodename=${node}`, "state=resume");
    cluster.start();
  });

  test("a step that fails by itself is not tried again, and says why", async () => {
    place.write("p.yaml", slowHere(0).replace("sleep 0", "echo oh no; exit 3"));
    const { code, stderr } = await flow(["run", "p.yaml"]);
    expect(code).toBe(1);
    expect(stderr).toContain("exit code 3");
    expect(stderr).toContain("oh no");
    expect(beginnings()).toBe(1);
  });

  test("what Slurm refuses is said in its words", async () => {
    place.write("p.yaml", slowHere(0));
    place.write("flow.config.yaml", "executor: { kind: slurm, partition: nowhere }\n");
    const { code, stderr } = await flow(["run", "p.yaml"]);
    expect(code).toBe(4);
    expect(stderr).toMatch(/sbatch: .*invalid partition/i);
    expect(queued()).toBe("");
  });

  test("resources are those of the step's id, of its type, and of all, in this order", async () => {
    place.write("p.yaml", slowHere(0));
    place.write(
      "flow.config.yaml",
      `executor: { kind: slurm, askEvery: 1, time: 5, cpus: 1 }\nsteps:\n  command: { cpus: 2, time: 7 }\n  wait: { time: 9, extra: ["--nice=5"] }\n`,
    );
    expect((await flow(["run", "p.yaml"])).code).toBe(0);
    const [job = ""] = place.record().steps.wait?.jobs ?? [];
    const shown = cluster.call("scontrol", "show", "job", job);
    expect(shown).toMatch(/TimeLimit=00:09:00/);
    expect(shown).toMatch(/CPUs\/Task=2/);
  });

  test("many steps are arrays, and Slurm is asked once an interval for all", async () => {
    const bin = join(place.root, "bin");
    mkdirSync(bin);
    for (const command of ["squeue", "sbatch"]) {
      writeFileSync(
        join(bin, command),
        `#!/bin/sh\necho x >> ${place.root}/${command}.calls\nexec /usr/bin/${command} "$@"\n`,
      );
      chmodSync(join(bin, command), 0o755);
    }
    const steps = Array.from(
      { length: 200 },
      (_, at) =>
        `  s${at}: { uses: command, with: { run: "echo ${at} > \${outputs.out}/x", outputs: [out] } }`,
    );
    place.write("p.yaml", `name: many\nsteps:\n${steps.join("\n")}\n`);
    const began = performance.now();
    const env = { PATH: `${bin}:${process.env.PATH}` };
    expect((await flow(["run", "p.yaml"], env)).code).toBe(0);
    const seconds = (performance.now() - began) / 1000;
    expect(linesOf(join(place.root, "squeue.calls"))).toBeLessThanOrEqual(Math.ceil(seconds) + 1);
    // Two hundred at a hundred places: those that become ready together are submitted together.
    expect(linesOf(join(place.root, "sbatch.calls"))).toBeLessThanOrEqual(60);
  });
});

/** Pictures whose rows are wide and quickly computed: four items. */
const divided = `
name: divided
steps:
  pictures: { uses: generate, with: { splits: { training: 1000, validation: 40, evaluation: 40 }, size: 64 } }
  splits: { uses: organize, inputs: { source: pictures.images } }
  features:
    uses: extract
    inputs: { images: splits.images }
    with: { network: resnet50, weights: seeded, pool: average, input: { size: [64, 64] } }
`;

describe.skipIf(typeof started === "string")("divided work on a cluster", { timeout: 180_000 }, () => {
  let digest = "";
  /** The pictures are there, made here. */
  const prepared = async (): Promise<void> => {
    place.write("p.yaml", divided);
    const local = ["--executor", "local"];
    expect((await flow(["run", "p.yaml", "--until", "splits", ...local])).code).toBe(0);
    if (digest !== "") return;
    expect((await flow(["run", "p.yaml", ...local, "--cache", "other"])).code).toBe(0);
    digest = place.record().steps.features?.outputs.features?.digest ?? "none";
  };
  const itemsDone = (): number => {
    const divisions = join(place.root, ".flow/divisions");
    const [key] = existsSync(divisions) ? readdirSync(divisions) : [];
    return key === undefined ? 0 : readdirSync(join(divisions, key, "done")).length;
  };
  const firstDone = (): Promise<void> =>
    vi.waitFor(() => expect(itemsDone()).toBeGreaterThan(0), { timeout: 60_000, interval: 20 });
  /** Rows in all segments: what was computed, twice where it was. */
  const rowsKept = (): number => {
    const stores = join(place.root, ".flow/stores");
    return readdirSync(stores)
      .flatMap((store) =>
        readdirSync(join(stores, store)).map((entry) => join(stores, store, entry, "entry.json")),
      )
      .filter((file) => existsSync(file))
      .map(
        (file) =>
          JSON.parse(readFileSync(file, "utf8")) as { about: { digests?: string[]; decoding?: number } },
      )
      .reduce((sum, { about }) => sum + (about.decoding === undefined ? 0 : (about.digests?.length ?? 0)), 0);
  };
  const endsWell = (images: { readonly atMost: number }): void => {
    const step = place.record().steps.features;
    expect(step).toMatchObject({ outcome: "ran", executor: "slurm" });
    expect(step?.outputs.features?.digest).toBe(digest);
    expect(rowsKept()).toBeLessThanOrEqual(images.atMost);
    expect(
      existsSync(join(place.root, ".flow/divisions")) ? readdirSync(join(place.root, ".flow/divisions")) : [],
    ).toEqual([]);
  };
  const all = 1080;
  const item = 312;

  test("is an array, and comes to the bytes of a local run", async () => {
    await prepared();
    expect(await flow(["run", "p.yaml"])).toMatchObject({ code: 0, stderr: "" });
    endsWell({ atMost: all });
    const step = place.record().steps.features;
    expect(step).toMatchObject({ metrics: { computed: all, reused: 0 }, worked: { items: 4 } });
    // Four items, and what makes the output.
    expect(step?.jobs).toHaveLength(5);
    expect(new Set(step?.jobs?.map((job) => job.split("_")[0])).size).toBe(2);
    expect(readdirSync(join(place.root, "runs/latest/logs"))).toEqual(
      expect.arrayContaining(["features.1.log", "features.4.log"]),
    );
  });

  test("loses the item in hand where its worker is killed, and no more", async () => {
    await prepared();
    const first = start(["run", "p.yaml"]);
    await firstDone();
    const [job] = pidsOf("flow.js __job");
    if (job !== undefined) process.kill(job, "SIGKILL");
    const { code } = await first.finished;
    // A job that dies by itself is the step's fault: the same command goes on.
    if (code !== 0) expect((await flow(["run", "p.yaml"])).code).toBe(0);
    endsWell({ atMost: all + item });
  });

  test("goes on while slurmctld is away, and loses the item in hand with a node", async () => {
    await prepared();
    const first = start(["run", "p.yaml"]);
    await firstDone();
    cluster.kill("ctld");
    await sleep(1_500);
    cluster.start();
    const nodes = cluster.call("squeue", "--me", "-h", "-r", "-t", "RUNNING", "-o", "%N").trim().split("\n");
    const [node = ""] = nodes.filter((name) => name !== "");
    if (node !== "") {
      for (const pid of pidsOf(`slurmd -N ${node} `)) process.kill(pid, "SIGKILL");
      cluster.call("scontrol", "update", `nodename=${node}`, "state=down", "reason=test");
    }
    const { code, stderr } = await first.finished;
    if (node !== "") cluster.call("scontrol", "update", `nodename=${node}`, "state=resume");
    cluster.start();
    expect(code, stderr).toBe(0);
    // All that were in hand may have been on the one node.
    endsWell({ atMost: all + 4 * item });
  });

  test("that a killed flow left runs on, and the same command takes up every job", async () => {
    await prepared();
    const first = start(["run", "p.yaml"]);
    await vi.waitFor(() => expect(queued()).toMatch(/_3/), { timeout: 60_000, interval: 50 });
    const [submitted = ""] = queued().split("_");
    first.child.kill("SIGKILL");
    await first.finished;
    expect((await flow(["run", "p.yaml"])).code).toBe(0);
    endsWell({ atMost: all });
    const jobs = place.record().steps.features?.jobs ?? [];
    expect(jobs.slice(0, -1).every((job) => job.startsWith(`${submitted}_`))).toBe(true);
  });
});

function pidsOf(...names: readonly string[]): readonly number[] {
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

test("without Slurm it is said that there is none", async () => {
  const own = newWorkplace();
  own.write("p.yaml", slow(0));
  own.write("flow.config.yaml", settings);
  const { code, stderr } = await own.flow(["run", "p.yaml"], { PATH: "/nowhere" });
  expect(code).toBe(4);
  expect(stderr).toContain("sbatch: there is no such command here");
  own.remove();
});
