import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { concurrently } from "../../engine/concurrently.ts";
import { disturbed, type Traced } from "./disturb.ts";
import { unsyncedNames } from "./order.ts";
import { setManyFiles } from "./project.ts";
import { openStage, type Scene, type Stage, scenes } from "./scene.ts";
import { attempt, type Trial, trialsOf } from "./trial.ts";

// Some of what `npm run torture` tries in full; which, the seed tells.
const seed = Number(process.env.FLOW_TORTURE_SEED ?? Math.floor(Math.random() * 1000));
const tried = 36;
/** On a busy machine it is fewer. */
const longestMs = 50_000;

let stage: Stage;
const traces = new Map<Scene, readonly Traced[]>();
beforeAll(async () => {
  stage = await openStage();
  for (const scene of scenes) {
    const project = stage.set(scene);
    traces.set(scene, (await disturbed(project, join(project, "notes"))).trace);
  }
});
afterAll(() => stage.remove());

test.each(scenes)("nothing takes a name in a %s run before it is on the disk", (scene) => {
  expect(unsyncedNames(traces.get(scene) ?? [])).toEqual([]);
});

test("nor does a folder of many files, for which the whole file system is synced", async () => {
  const project = stage.set("cold");
  setManyFiles(project);
  const { code, trace } = await disturbed(project, join(project, "notes"));
  expect(code).toBe(0);
  expect(unsyncedNames(trace)).toEqual([]);
});

test(`after a crash, an error of the disk or a power cut anywhere, the next run is right (FLOW_TORTURE_SEED=${seed})`, {
  timeout: 300_000,
}, async () => {
  const all = scenes.flatMap((scene) => trialsOf(scene, traces.get(scene) ?? []));
  const step = Math.floor(all.length / tried);
  const some = all.filter((_, at) => at % step === seed % step);
  // Early and late calls in turn, so that fewer are still of all kinds.
  const mixed = [0, 1, 2, 3].flatMap((rest) => some.filter((_, at) => at % 4 === rest));
  const mistakes: string[] = [];
  const end = Date.now() + longestMs;
  await concurrently<Trial>(mixed, 2, async (trial) => {
    if (Date.now() < end) mistakes.push(...(await attempt(stage, trial)));
  });
  expect(mistakes).toEqual([]);
});
