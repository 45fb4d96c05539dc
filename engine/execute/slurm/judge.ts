import { type Failure, killedBy } from "../../failure.ts";
import type { Queued } from "./commands.ts";

/** What is known of a task that has not written how it ended. */
export interface Signs {
  /** Absent before Slurm was asked, or while it does not answer. */
  readonly queued?: Pick<Queued, "state" | "status" | "reason" | "node">;
  /** How often in a row Slurm has answered without it. */
  readonly absent: number;
  /** Since Slurm said that it is over. */
  readonly overMs: number;
  /** Since it was submitted. */
  readonly ageMs: number;
  /** Since it last showed that it lives; absent where it has not begun. */
  readonly silentMs?: number;
}

export type Verdict =
  | { readonly kind: "wait"; readonly reason?: string }
  /** No fault of the step's: it is tried again. */
  | { readonly kind: "lost"; readonly why: string }
  | { readonly kind: "failed"; readonly failure: Failure }
  /** Somebody has cancelled it. */
  | { readonly kind: "cancelled" };

/** Longer than a shared disk takes to show a file to everybody. */
export const GRACE_MS = 60_000;

const living = new Set([
  "PENDING",
  "RUNNING",
  "CONFIGURING",
  "COMPLETING",
  "SUSPENDED",
  "STOPPED",
  "SIGNALING",
  "STAGE_OUT",
  "RESV_DEL_HOLD",
  "SPECIAL_EXIT",
  "REQUEUED",
  "REQUEUE_FED",
  "REQUEUE_HOLD",
  "RESIZING",
]);
const infrastructure = new Set([
  "NODE_FAIL",
  "PREEMPTED",
  "BOOT_FAIL",
  "REVOKED",
  "LAUNCH_FAILED",
  "RECONFIG_FAIL",
]);
/** Words that Slurm has for what passes by itself. */
const passing = new Set([
  "None",
  "Priority",
  "Resources",
  "",
  "BeginTime",
  "Cleaning",
  "Prolog",
  "JobArrayTaskLimit",
]);

/** Whether it may still come to something. */
export function isLiving({ state }: Pick<Queued, "state">): boolean {
  return living.has(state);
}

/** What is to be thought of it. @param graceMs see `GRACE_MS`. */
export function judge({ queued, absent, overMs, ageMs, silentMs }: Signs, graceMs: number): Verdict {
  if (queued === undefined) {
    const isSilent = silentMs === undefined ? ageMs > graceMs : silentMs > graceMs;
    if (absent >= 2 && isSilent) return { kind: "lost", why: "Slurm does not know it any more" };
    return { kind: "wait" };
  }
  const { state, status, reason, node } = queued;
  if (isLiving(queued)) {
    return state === "PENDING" && !passing.has(reason) ? { kind: "wait", reason } : { kind: "wait" };
  }
  if (state === "CANCELLED") {
    // What a node could not begin Slurm cancels itself: one whose number, given twice, it still knows.
    const isOfNode = node !== "" && silentMs === undefined;
    return isOfNode ? { kind: "lost", why: `${node} could not begin it` } : { kind: "cancelled" };
  }
  if (infrastructure.has(state)) return { kind: "lost", why: `Slurm says ${state}` };
  if (state === "TIMEOUT" || state === "DEADLINE") {
    const message =
      "the job has reached its time limit in Slurm: give it more (`time`), and the same command goes on";
    return failed({ kind: "step", message });
  }
  if (state === "OUT_OF_MEMORY") {
    return failed({ kind: "worker", message: "the job ran out of memory in Slurm: give it more (`memory`)" });
  }
  // How it ended is written down by itself; a shared disk may show that late.
  if (overMs < graceMs && status === 0) return { kind: "wait" };
  const how = endOf(status);
  // Nothing of the step has run: the node is to blame, or what there is on it.
  if (silentMs === undefined || status === 0)
    return {
      kind: "lost",
      why: `it ${how} before it ${silentMs === undefined ? "began" : "had written how"}`,
    };
  return failed({ kind: "worker", message: `the job ${how} before the step was done` });
}

/** @param status as wait(2) has it. */
function endOf(status: number): string {
  const signal = status & 0x7f;
  return signal === 0
    ? `ended with exit code ${status >> 8}`
    : killedBy(signals[signal] ?? `signal ${signal}`);
}

function failed(failure: Failure): Verdict {
  return { kind: "failed", failure };
}

const signals: Readonly<Record<number, string>> = {
  6: "SIGABRT",
  7: "SIGBUS",
  9: "SIGKILL",
  11: "SIGSEGV",
  15: "SIGTERM",
};
