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

test(`after a crash, an error of the disk or a power cut anywhere, the next run is right (FLOW_TORTURE_SEED=${seed})`, async () => {
  const all = scenes.flatMap((scene) => trialsOf(scene, traces.get(scene) ?? []));
  const step = Math.floor(all.length / tried);
  const some = all.filter((_, at) => at % step === seed % step);
  const mistakes: string[] = [];
  await concurrently<Trial>(some, 2, async (trial) => {
    mistakes.push(...(await attempt(stage, trial)));
  });
  expect(mistakes).toEqual([]);
});
