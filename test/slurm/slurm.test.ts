import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test, vi } from "vitest";
import { newWorkplace } from "../cli/flow.ts";
import { pipeline, plain } from "../cli/predicting.ts";
import {
  beginnings,
  cluster,
  flow,
  jobs,
  place,
  queued,
  settings,
  slow,
  slowHere,
  start,
  whenBegun,
  withoutCluster,
} from "./on-cluster.ts";

// Steps as jobs of a real Slurm. What goes away while they run: npm run torture.

describe.skipIf(withoutCluster !== undefined)("on a cluster", { timeout: 180_000 }, () => {
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
});

test("without Slurm it is said that there is none", async () => {
  const own = newWorkplace();
  own.write("p.yaml", slow(0));
  own.write("flow.config.yaml", settings);
  const { code, stderr } = await own.flow(["run", "p.yaml"], { PATH: "/nowhere" });
  expect(code).toBe(4);
  expect(stderr).toContain("sbatch: there is no such command here");
  own.remove();
});
