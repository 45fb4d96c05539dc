import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { concurrently } from "../../engine/concurrently.ts";
import { disturbed } from "./disturb.ts";
import { openStage, type Stage, scenes } from "./scene.ts";
import { attempt, titleOf, trialsOf } from "./trial.ts";

// Every fault at every call. FLOW_TORTURE_ONLY narrows it: a pattern for "cold, kill at engine.0 writes 17 (rename)".
const wanted = new RegExp(process.env.FLOW_TORTURE_ONLY ?? "");

let stage: Stage;
beforeAll(async () => {
  stage = await openStage();
});
afterAll(() => stage.remove());

test.each(scenes)("%s", async (scene) => {
  const project = stage.set(scene);
  const { trace } = await disturbed(project, join(project, "notes"));
  const trials = trialsOf(scene, trace).filter((trial) => wanted.test(titleOf(trial)));
  const mistakes: string[] = [];
  let done = 0;
  await concurrently(trials, 2, async (trial) => {
    const found = await attempt(stage, trial);
    mistakes.push(...found);
    done++;
    for (const mistake of found) process.stdout.write(`${mistake}\n`);
    if (done % 50 === 0) process.stdout.write(`${scene}: ${done} of ${trials.length}\n`);
  });
  expect(mistakes).toEqual([]);
});
