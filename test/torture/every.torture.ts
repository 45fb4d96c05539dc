import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { concurrently } from "../../engine/concurrently.ts";
import { disturbed } from "./disturb.ts";
import { openStage, type Stage, scenes } from "./scene.ts";
import { attempt, trialsOf } from "./trial.ts";

// Every fault at every call. FLOW_TORTURE narrows it: a part of "cold, kill at engine.0 17 (rename)".
const wanted = process.env.FLOW_TORTURE_ONLY ?? "";

let stage: Stage;
beforeAll(async () => {
  stage = await openStage();
});
afterAll(() => stage.remove());

test.each(scenes)("%s", async (scene) => {
  const project = stage.set(scene);
  const { trace } = await disturbed(project, join(project, "notes"));
  const trials = trialsOf(scene, trace).filter(({ fault, process, at, call }) =>
    `${scene}, ${fault} at ${process} ${at} (${call})`.includes(wanted),
  );
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
