import { describe, expect, test } from "vitest";
import type { Executions, KeyRecord } from "../../engine/cache/keys.ts";
import { treeDigest } from "../../engine/cache/tree.ts";
import type { InputSource, Pipeline, Step } from "../../engine/document/pipeline.ts";
import { canonicalJson, without } from "../../engine/json.ts";
import { stepKey } from "../../engine/plan/key.ts";
import { planPipeline, type StepPlan, type World } from "../../engine/plan/plan.ts";
import type { Resolution } from "../../engine/plan/resolution.ts";
import type { StepType } from "../../engine/step-type.ts";

// Plans as tables: a made-up world, and what would run and why. Nothing is read or written.

const type: StepType = {
  name: "t",
  version: 1,
  description: "",
  params: { type: "object", properties: { size: {}, speed: { "x-unkeyed": true } } },
  inputs: "any",
  outputs: () => ["o"],
  run: async () => {},
};

/** One whose `way` goes by its input where it is left to it. */
const deciding: StepType = {
  ...type,
  name: "d",
  params: { type: "object", properties: { size: {}, way: { "x-resolved": "auto" } } },
  resolve: (params) => params,
};

const digest = (word: string): string => treeDigest([{ path: word, digest: word.padEnd(64, "0"), bytes: 1 }]);

function step(id: string, inputs: Readonly<Record<string, string>> = {}, params = {}): Step {
  const sources = Object.entries(inputs).map(([name, from]): [string, InputSource] => [
    name,
    from.startsWith("./")
      ? { kind: "path", path: from, place: { kind: "option", option: "" } }
      : { kind: "output", step: from, output: "o" },
  ]);
  return {
    id,
    uses: "t",
    params,
    inputs: Object.fromEntries(sources),
    place: { kind: "option", option: "" },
    lines: { size: 7 },
  };
}

/** What an execution of a step left: its output is named by `made`. */
function record(
  params: KeyRecord["params"],
  inputs: KeyRecord["inputs"],
  made: string,
  { version, name }: Pick<StepType, "version" | "name"> = type,
): KeyRecord {
  const key = stepKey({ ...type, name, version }, params, inputs);
  const outputs = { o: { digest: digest(made), bytes: 1, notes: [] } };
  return {
    key,
    type: name,
    version,
    params,
    inputs,
    outputs,
    metrics: {},
    leans: [],
    run: "r",
    at: "",
    seconds: 1,
    peakMemory: 1,
  };
}

interface Told {
  readonly sources?: Readonly<Record<string, string>>;
  readonly records?: readonly KeyRecord[];
  /** The newest record of a step. */
  readonly latest?: Readonly<Record<string, KeyRecord>>;
  /** Outputs that are gone, by what made them. */
  readonly gone?: readonly string[];
  readonly forced?: readonly string[];
  /** What comes of asking for a way that is left to the step type; by default it is short. */
  readonly resolution?: Resolution;
}

function world({ sources = {}, records = [], latest = {}, gone = [], forced = [], resolution }: Told): World {
  const executions: Executions = {
    withParams: (params, open = []) =>
      records.filter(
        (found) => canonicalJson(without(found.params, open)) === canonicalJson(without(params, open)),
      ),
    withInputs: (inputs) => records.find((found) => canonicalJson(found.inputs) === canonicalJson(inputs)),
  };
  const lost = new Set(gone.map(digest));
  return {
    types: new Map([type, deciding].map((known) => [known.name, known])),
    sources: new Map(Object.entries(sources).map(([path, word]) => [path, digest(word)])),
    lacking: new Map(),
    measured: new Map(),
    forced: new Set(forced),
    record: (key) => records.find((found) => found.key === key),
    missing: (found) => (lost.has(found.outputs.o?.digest ?? "") ? "output o" : undefined),
    latest: (id) => latest[id],
    ofType: () => executions,
    tree: () => undefined,
    inputDigest: (_type, _input, artifact) => artifact,
    resolve: (_type, params) => resolution ?? { kind: "resolved", params: { ...params, way: "short" } },
  };
}

/** `state: reason, reason` for each step. */
function planned(steps: readonly Step[], told: Told): Readonly<Record<string, string>> {
  const pipeline: Pipeline = { name: "p", file: "p.yaml", params: {}, steps };
  const text = (plan: StepPlan): string => {
    const reasons = "reasons" in plan ? plan.reasons.map(({ kind }) => kind).join(", ") : "";
    return reasons === "" ? plan.state : `${plan.state}: ${reasons}`;
  };
  return Object.fromEntries(planPipeline(pipeline, world(told)).map((plan) => [plan.step.id, text(plan)]));
}

const source = { in: digest("x") };
const first = record({ size: 1 }, source, "a");
const second = record({}, { in: digest("a") }, "b");
const chain = [step("one", { in: "./x" }, { size: 1 }), step("two", { in: "one" })];
const there = { sources: { "./x": "x" }, records: [first, second], latest: { one: first, two: second } };

describe("a chain of two steps", () => {
  test.each<[string, readonly Step[], Told, string, string]>([
    ["nothing was ever run", chain, { sources: { "./x": "x" } }, "run: first-run", "run: first-run"],
    ["all is there", chain, there, "cached", "cached"],
    ["the order of the document is another", [...chain].reverse(), there, "cached", "cached"],
    [
      "a parameter changed",
      [step("one", { in: "./x" }, { size: 2 }), chain[1] as Step],
      there,
      "run: param-changed",
      "may-run: upstream",
    ],
    [
      "one that only affects speed",
      [step("one", { in: "./x" }, { size: 1, speed: 9 }), chain[1] as Step],
      there,
      "cached",
      "cached",
    ],
    [
      "the source changed",
      chain,
      { ...there, sources: { "./x": "y" } },
      "run: input-changed",
      "may-run: upstream",
    ],
    ["the source is gone", chain, { ...there, sources: {} }, "blocked", "may-run: upstream"],
    [
      "the first result is gone",
      chain,
      { ...there, gone: ["a"] },
      "run: result-missing",
      "may-run: upstream",
    ],
    ["the second result is gone", chain, { ...there, gone: ["b"] }, "cached", "run: result-missing"],
    [
      "the record of the second is gone",
      chain,
      { ...there, records: [first] },
      "cached",
      "run: result-missing",
    ],
    [
      "everything is forced",
      chain,
      { ...there, forced: ["one", "two"] },
      "run: forced",
      "run: forced, upstream",
    ],
    ["the second is forced", chain, { ...there, forced: ["two"] }, "cached", "run: forced"],
    [
      "the steps have other names",
      [step("a", { in: "./x" }, { size: 1 }), step("b", { in: "a" })],
      there,
      "cached",
      "cached",
    ],
  ])("%s", (_, steps, told, one, two) => {
    const states = Object.values(planned(steps, told));
    expect(steps[0] === chain[1] ? states.reverse().reverse() : states).toEqual([one, two]);
  });

  test("an older version of the step type made the result", () => {
    const old = record({ size: 1 }, source, "a", { ...type, version: 0 });
    expect(planned([chain[0] as Step], { ...there, records: [old], latest: { one: old } })).toEqual({
      one: "run: version-changed",
    });
  });

  test("without a history under its name, the newest of the same type on the same inputs explains", () => {
    expect(planned([step("new", { in: "./x" }, { size: 5 })], { ...there, latest: {} })).toEqual({
      new: "run: param-changed",
    });
    expect(planned([step("new")], { ...there, latest: {} })).toEqual({ new: "run: first-run" });
  });
});

describe("a parameter that is left to the step type", () => {
  const decides = (params = {}): Step => ({
    ...step("two", { in: "one" }, { way: "auto", ...params }),
    uses: "d",
    lines: { way: 9 },
  });
  const one = chain[0] as Step;
  const stale = { ...there, sources: { "./x": "y" } };
  const short = record({ way: "short" }, { in: digest("a") }, "b", deciding);
  const plan = (second: Step, told: Told): StepPlan => {
    const pipeline: Pipeline = { name: "p", file: "p.yaml", params: {}, steps: [one, second] };
    return planPipeline(pipeline, world(told))[1] as StepPlan;
  };

  test("is resolved where the inputs are there, and then is as good as written", () => {
    const told = { ...there, records: [first, short], latest: { two: short } };
    const resolved = plan(decides(), told);
    expect(resolved).toMatchObject({ state: "cached", params: { way: "short" }, left: { way: "short" } });
    expect(resolved.step.params).toEqual({ way: "short" });
    const long = { kind: "resolved", params: { way: "long" } } as const;
    expect(plan(decides(), { ...told, resolution: long })).toMatchObject({
      state: "run",
      key: stepKey(deciding, { way: "long" }, { in: digest("a") }),
      reasons: [{ kind: "param-changed", path: "way", old: "short", new: "long", line: 9 }],
    });
  });

  test("differs from nothing while an input is still to be made", () => {
    const told = { ...stale, records: [first, short], latest: { one: first, two: short } };
    const open = plan(decides(), told);
    expect(open).toMatchObject({
      state: "may-run",
      reasons: [{ kind: "upstream", step: "one" }],
      left: { way: "auto" },
    });
    expect(open.key).toBeUndefined();
    // What is written out is compared, and so is everything else.
    expect(plan(decides({ way: "long" }), told)).toMatchObject({ state: "run", left: {} });
    expect(plan(decides({ size: 3 }), told)).toMatchObject({
      state: "run",
      reasons: [{ kind: "param-changed", path: "size" }, { kind: "upstream" }],
    });
  });

  test("blocks the step where what is asked for does not fit the inputs", () => {
    const resolution = { kind: "refused", message: "too long for that" } as const;
    expect(plan(decides({ way: "short" }), { ...there, resolution })).toMatchObject({
      state: "blocked",
      missing: [],
      refused: "too long for that",
    });
  });

  test("stays as it is written where an input cannot be looked at", () => {
    const failure = { kind: "machine", message: "the disk reports an error" } as const;
    const plans = plan(decides(), { ...there, resolution: { kind: "unreadable", failure } });
    expect(plans).toMatchObject({ state: "run", left: { way: "auto" }, unresolved: failure });
    expect(plans.key).toBeUndefined();
  });
});
