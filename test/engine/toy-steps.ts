import { createHash } from "node:crypto";
import { existsSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { defineStep } from "../../engine/define-step.ts";
import { type StepContext, StepError, type StepType } from "../../engine/step-type.ts";

const params = {
  type: "object",
  additionalProperties: false,
  properties: {
    salt: { type: "string", default: "" },
    /** How many different results there are: few, and changes upstream are often cut off. */
    results: { type: "integer", minimum: 1, default: 1_000_000 },
    speed: { type: "integer", default: 1, "x-unkeyed": true },
  },
} as const;

/** Writes a digest of its parameters and inputs: what it makes depends on nothing else. */
export const mix = defineStep({
  name: "mix",
  version: 1,
  description: "For tests.",
  params,
  inputs: "any",
  outputs: ["out"],
  async run(ctx) {
    writeFileSync(join(ctx.output("out"), "value"), mixed(ctx.params, inputValues(ctx)));
  },
});

export interface MixParams {
  readonly salt: string;
  readonly results: number;
}

/** What `mix` writes. */
export function mixed({ salt, results }: MixParams, inputs: Readonly<Record<string, string>>): string {
  const sorted = Object.keys(inputs)
    .sort()
    .map((name) => [name, inputs[name]]);
  const hash = createHash("sha256")
    .update(JSON.stringify([salt, results, sorted]))
    .digest();
  return String(hash.readUInt32LE(0) % results);
}

function inputValues(ctx: Pick<StepContext, "inputs">): Record<string, string> {
  const values = Object.entries(ctx.inputs).map(([name, { path }]) => {
    const file = statSync(path).isDirectory() ? join(path, "value") : path;
    return [name, readFileSync(file, "utf8")] as const;
  });
  return Object.fromEntries(values);
}

/** Fails while the file of its input says so. */
export const fragile: StepType = {
  ...mix,
  name: "fragile",
  inputs: {
    mood: { description: "fine, or the reason to fail." },
    before: { description: "Anything.", optional: true },
  },
  async run(ctx) {
    const mood = readFileSync(ctx.inputs.mood?.path ?? "", "utf8");
    if (mood !== "fine") throw new StepError(mood);
    writeFileSync(join(ctx.output("out"), "value"), "fine");
  },
};

/** Waits until it is asked to stop, or until a file beside the project appears. */
export const patient: StepType = {
  ...mix,
  name: "patient",
  inputs: {},
  async run(ctx) {
    ctx.progress({ done: 0, total: 1, unit: "waits" });
    const until = join(ctx.root, "go");
    while (!existsSync(until)) {
      ctx.signal.throwIfAborted();
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    writeFileSync(join(ctx.output("out"), "value"), "done");
  },
};

export const toySteps: ReadonlyMap<string, StepType> = new Map(
  [mix, fragile, patient].map((type) => [type.name, type]),
);
