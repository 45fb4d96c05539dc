import { existsSync } from "node:fs";
import { childrenOf, until, type Workplace } from "../cli/flow.ts";

export interface Kill {
  readonly whom: "worker" | "engine";
  /** Milliseconds after a step has begun to tell how far it is. */
  readonly after: number;
}

/** Starts a run of `p.yaml` and kills its worker or its engine, unless it has ended before. */
export async function killOnce(place: Workplace, { whom, after }: Kill): Promise<void> {
  const { child, finished } = place.start(["run", "p.yaml", "--json"]);
  const engine = child.pid ?? 0;
  let ended = false;
  finished.then(() => {
    ended = true;
  });
  let heard = "";
  child.stdout?.on("data", (data) => {
    heard += data;
  });
  await until(() => ended || heard.includes('"step-progress"'), "what is done first");
  const [worker = 0] = ended ? [] : childrenOf(engine);
  const due = Date.now() + after;
  await until(() => ended || Date.now() >= due, "its moment");
  const pid = whom === "worker" ? worker : engine;
  try {
    if (!ended && pid > 0) process.kill(pid, "SIGKILL");
  } catch {
    // It has just ended.
  }
  await finished;
  // The worker of a dead engine ends by itself, between two batches.
  if (worker > 0) await until(() => !existsSync(`/proc/${worker}`), "the end of the worker");
}
