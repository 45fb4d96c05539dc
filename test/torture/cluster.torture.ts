import { chmodSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, test } from "vitest";
import { all, endsWell, firstDone, item, prepared } from "../slurm/divided.ts";
import {
  beginnings,
  cluster,
  flow,
  linesOf,
  pidsOf,
  place,
  slowHere,
  start,
  whenBegun,
  withoutCluster,
} from "../slurm/on-cluster.ts";

// What goes away while steps are jobs of a real Slurm.

describe.skipIf(withoutCluster !== undefined)("on a cluster", { timeout: 180_000 }, () => {
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
});
