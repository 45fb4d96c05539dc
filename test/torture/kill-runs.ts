import { existsSync } from "node:fs";
import { expect } from "vitest";
import { randomStream } from "../../steps/compute/random.ts";
import { childrenOf, digestsOf, newWorkplace, until, type Workplace } from "../cli/flow.ts";

/** How often something is killed. */
export interface Kills {
  /** So many that the last kill finds work undone. */
  readonly images: number;
  readonly kills: number;
  readonly seed: number;
}

export interface Killed extends Pick<Kills, "kills" | "seed"> {
  readonly pipeline: string;
  /** The step that is the last to be left alone. */
  readonly until: string;
  /** Milliseconds in which a kill comes, after a step has begun to tell how far it is. */
  readonly within: number;
}

/**
 * Kills runs of a pipeline at random moments, worker and engine in turn, then lets
 * it come through: the bytes are those of a run that nobody disturbed.
 *
 * @param check what more is to be seen, before both places are removed.
 */
export async function killRuns(
  { pipeline, until, within, kills, seed }: Killed,
  check: (place: Workplace, undisturbed: Workplace) => Promise<void>,
): Promise<void> {
  const [undisturbed, place] = [newWorkplace(), newWorkplace()];
  try {
    for (const one of [undisturbed, place]) {
      one.write("p.yaml", pipeline);
      expect(await one.flow(["run", "p.yaml", "--until", until])).toMatchObject({ code: 0 });
    }
    expect(await undisturbed.flow(["run", "p.yaml"])).toMatchObject({ code: 0 });
    const random = randomStream(seed, "kills");
    for (let kill = 0; kill < kills; kill++) {
      // The first comes when something is in hand and most is undone.
      const when = kill === 0 ? { told: 2, after: 0 } : { told: 1, after: within * random.uniform() };
      await killOnce(place, { whom: kill % 2 === 0 ? "worker" : "engine", ...when });
    }
    expect(await place.flow(["run", "p.yaml"])).toMatchObject({ code: 0 });
    expect(digestsOf(place.record())).toEqual(digestsOf(undisturbed.record()));
    await check(place, undisturbed);
  } finally {
    undisturbed.remove();
    place.remove();
  }
}

interface Kill {
  readonly whom: "worker" | "engine";
  /** How often a step has told how far it is, and milliseconds after that. */
  readonly told: number;
  readonly after: number;
}

/** Starts a run of `p.yaml` and kills its worker or its engine, unless it has ended before. */
async function killOnce(place: Workplace, { whom, told, after }: Kill): Promise<void> {
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
  await until(() => ended || heard.split('"step-progress"').length > told, "what is done first");
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
