import { readdirSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test, vi } from "vitest";
import { all, endsWell, prepared } from "./divided.ts";
import { flow, place, queued, start, withoutCluster } from "./on-cluster.ts";

describe.skipIf(withoutCluster !== undefined)("divided work on a cluster", { timeout: 180_000 }, () => {
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
