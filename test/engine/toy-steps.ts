import { createHash } from "node:crypto";
import { appendFileSync, existsSync, readFileSync, statSync, writeFileSync } from "node:fs";
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

/**
 * Adds up squares, of which each takes some time and is kept in a store. What is
 * computed is told in `computed.log` of the project: `<by whom> <which>`.
 */
export const squares = defineStep({
  name: "squares",
  version: 1,
  description: "For tests.",
  params: {
    type: "object",
    additionalProperties: false,
    properties: {
      items: { type: "integer", minimum: 1, default: 8 },
      milliseconds: { type: "integer", default: 0, "x-unkeyed": true },
      /** Which cannot be computed in an item: the worker dies of it, or says what is wrong. */
      deadly: { type: "integer", default: -1, "x-unkeyed": true },
      wrong: { type: "integer", default: -1, "x-unkeyed": true },
    },
  } as const,
  inputs: {},
  outputs: ["out"],
  division: {
    isWorthIt: ({ params }) => params.items > 1,
    split: async ({ params }) =>
      Array.from({ length: params.items }, (_, at) => ({ name: `square ${at}`, cost: 1, about: { at } })),
    async work(ctx, items) {
      let done = 0;
      for await (const item of items) {
        const at = item.about.at as number;
        if (at === ctx.params.deadly) process.kill(process.pid, "SIGKILL");
        if (at === ctx.params.wrong) throw new StepError(`there is no square of ${at}`);
        await square(ctx, at, "item");
        item.done();
        ctx.progress({ done: ++done, total: ctx.params.items, unit: "squares" });
      }
      ctx.metric({ computed: done });
    },
  },
  async run(ctx) {
    let sum = 0;
    for (let at = 0; at < ctx.params.items; at++) sum += await square(ctx, at, "run");
    const computed = ctx.worked.metrics.reduce((all, one) => all + (one.computed as number), 0);
    ctx.metric({ computed });
    writeFileSync(join(ctx.output("out"), "value"), String(sum));
  },
});

type SquaresContext = Pick<StepContext, "store" | "root" | "signal"> & {
  readonly params: { readonly milliseconds: number };
};

async function square(ctx: SquaresContext, at: number, by: string): Promise<number> {
  const store = ctx.store({ squares: 1 });
  const there = (await store.entries()).find(({ name }) => name === `square-${at}`);
  if (there !== undefined) return there.about.square as number;
  await new Promise((resolve) => setTimeout(resolve, ctx.params.milliseconds));
  ctx.signal.throwIfAborted();
  appendFileSync(join(ctx.root, "computed.log"), `${by} ${at}\n`);
  const { about } = await store.publish(`square-${at}`, async () => ({ square: at * at }));
  return about.square as number;
}

export const toySteps: ReadonlyMap<string, StepType> = new Map(
  [mix, fragile, patient, squares].map((type) => [type.name, type]),
);
