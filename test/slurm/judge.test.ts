import { expect, test } from "vitest";
import { judge, type Signs } from "../../engine/execute/slurm/judge.ts";

const GRACE = 60_000;
const fresh: Signs = { absent: 0, overMs: 0, ageMs: 1000 };
const queued = (state: string, status = 0, reason = "None") => ({ state, status, reason, node: "" });

test.each<readonly [string, Partial<Signs>, object]>([
  ["nothing is known yet", {}, { kind: "wait" }],
  ["it waits", { queued: queued("PENDING", 0, "Resources") }, { kind: "wait" }],
  [
    "it waits for what will not pass",
    { queued: queued("PENDING", 0, "BadConstraints") },
    { kind: "wait", reason: "BadConstraints" },
  ],
  ["it runs", { queued: queued("RUNNING"), silentMs: 10 * GRACE }, { kind: "wait" }],
  ["it is unknown once", { absent: 1, ageMs: 2 * GRACE }, { kind: "wait" }],
  ["it is unknown, and has just been submitted", { absent: 9 }, { kind: "wait" }],
  ["it is unknown twice", { absent: 2, ageMs: 2 * GRACE }, { kind: "lost" }],
  ["it is unknown, and lives", { absent: 9, ageMs: 99 * GRACE, silentMs: 3000 }, { kind: "wait" }],
  ["it is unknown, and silent", { absent: 2, ageMs: 99 * GRACE, silentMs: 2 * GRACE }, { kind: "lost" }],
  ["the node is gone", { queued: queued("NODE_FAIL"), silentMs: 1 }, { kind: "lost" }],
  [
    "it is over, and the disk is slow",
    { queued: queued("COMPLETED"), overMs: 1000, silentMs: 1 },
    { kind: "wait" },
  ],
  [
    "it is over without a word",
    { queued: queued("COMPLETED"), overMs: 2 * GRACE, silentMs: 1 },
    { kind: "lost" },
  ],
  [
    "it was killed",
    { queued: queued("FAILED", 9), silentMs: 1 },
    { kind: "failed", failure: { kind: "worker" } },
  ],
  [
    "it ended before it began",
    { queued: queued("FAILED", 127 << 8) },
    { kind: "lost", why: "it ended with exit code 127 before it began" },
  ],
  [
    "its time is over",
    { queued: queued("TIMEOUT"), silentMs: 1 },
    { kind: "failed", failure: { kind: "step" } },
  ],
  [
    "its memory is",
    { queued: queued("OUT_OF_MEMORY"), silentMs: 1 },
    { kind: "failed", failure: { kind: "worker" } },
  ],
  ["a node could not begin it", { queued: { ...queued("CANCELLED"), node: "n1" } }, { kind: "lost" }],
  ["somebody cancelled it", { queued: queued("CANCELLED") }, { kind: "cancelled" }],
])("where %s", (_, signs, verdict) => {
  expect(judge({ ...fresh, ...signs }, GRACE)).toMatchObject(verdict);
});
