import { mkdirSync, readdirSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { Event } from "../../engine/record/event.ts";
import type { StepType } from "../../engine/step-type.ts";
import { idsOf, newProject, type Project } from "./project.ts";
import { fragile, mix, patient } from "./toy-steps.ts";

let project: Project;
beforeEach(() => {
  project = newProject([mix, fragile, patient]);
  mkdirSync(join(project.root, "data"));
  write("a.txt", "a");
});
afterEach(() => project.remove());

function write(name: string, content: string): void {
  writeFileSync(join(project.root, "data", name), content);
}

const chain = `
name: chain
params: { salt: one }
steps:
  first:
    uses: mix
    inputs: { file: ./data/a.txt }
    with: { salt: "\${params.salt}" }
  second:
    uses: mix
    inputs: { before: first.out }
  third:
    uses: mix
    inputs: { before: second.out }
`;

describe("the plan", () => {
  const states = async (text: string, forced: readonly string[] = []): Promise<Record<string, string>> =>
    Object.fromEntries((await project.plan(text, forced)).map(({ step, state }) => [step.id, state]));
  const reasons = async (text: string, id: string): Promise<unknown> => {
    const planned = (await project.plan(text)).find(({ step }) => step.id === id);
    return planned && "reasons" in planned ? planned.reasons : planned?.state;
  };

  test("says first-run, then cached", async () => {
    expect(await states(chain)).toEqual({ first: "run", second: "run", third: "run" });
    expect(await reasons(chain, "first")).toEqual([{ kind: "first-run" }]);
    await project.run(chain);
    expect(await states(chain)).toEqual({ first: "cached", second: "cached", third: "cached" });
  });

  test("says which parameter changed, from what to what, and on which line", async () => {
    await project.run(chain);
    const edited = chain.replace("salt: one", "salt: two");
    expect(await reasons(edited, "first")).toEqual([
      { kind: "param-changed", path: "salt", old: "one", new: "two", line: 3 },
    ]);
    expect(await reasons(edited, "second")).toEqual([{ kind: "upstream", step: "first" }]);
    expect(await states(edited)).toEqual({ first: "run", second: "may-run", third: "may-run" });
    const both = edited.replace(
      "inputs: { before: second.out }",
      "inputs: { before: second.out }\n    with: { salt: x }",
    );
    expect(await states(both)).toEqual({ first: "run", second: "may-run", third: "run" });
  });

  test("says may-run where a result that fits is there already", async () => {
    await project.run(chain);
    // The key record of `first` is lost: it runs again, and will come out the same.
    for (const name of readdirSync(join(project.root, ".flow/keys"))) {
      const file = join(project.root, ".flow/keys", name);
      const record = project.cache.keys.read(`sha256:${name.replace(".json", "")}`);
      if (record?.params.salt === "one") rmSync(file);
    }
    expect(await states(chain)).toEqual({ first: "run", second: "may-run", third: "may-run" });
    const record = await project.run(chain);
    expect(idsOf(record, "ran")).toEqual(["first"]);
    expect(idsOf(record, "cached")).toEqual(["second", "third"]);
  });

  test("says which files of an input were added, removed and changed", async () => {
    const text = chain.replace("./data/a.txt", "./data");
    write("b.txt", "b");
    write("value", "v");
    await project.run(text);
    rmSync(join(project.root, "data/b.txt"));
    write("value", "w");
    write("c.txt", "c");
    expect(await reasons(text, "first")).toEqual([
      {
        kind: "input-changed",
        input: "file",
        added: { count: 1, paths: ["c.txt"] },
        removed: { count: 1, paths: ["b.txt"] },
        changed: { count: 1, paths: ["value"] },
      },
    ]);
  });

  test("says forced, result-missing, version-changed and blocked", async () => {
    await project.run(chain);
    expect(await states(chain, ["second"])).toEqual({ first: "cached", second: "run", third: "may-run" });
    const artifacts = join(project.root, ".flow/artifacts");
    for (const name of readdirSync(artifacts)) rmSync(join(artifacts, name), { recursive: true });
    expect(await reasons(chain, "first")).toEqual([{ kind: "result-missing", what: "output out" }]);
    const newer = newProject([{ ...mix, version: 2 }], project.root);
    const [first] = await newer.plan(chain);
    expect(first).toMatchObject({ state: "run", reasons: [{ kind: "version-changed", old: 1, new: 2 }] });
    rmSync(join(project.root, "data/a.txt"));
    expect(await project.plan(chain)).toMatchObject([
      { state: "blocked", missing: [{ what: "./data/a.txt" }] },
      { state: "run" },
      { state: "run" },
    ]);
  });

  test("compares a new step with an execution of the same type on the same inputs", async () => {
    await project.run(chain);
    const renamed = chain.replaceAll("first", "begin").replace("one", "two").replace("chain", "other");
    expect(await reasons(renamed, "begin")).toMatchObject([
      { kind: "param-changed", path: "salt", old: "one" },
    ]);
  });
});

describe("a run", () => {
  test("does nothing after a change of name, order, comment or speed", async () => {
    await project.run(chain);
    const [head, first, second, third] = chain.split(/(?=^ {2}(?:first|second|third):)/m) as [
      string,
      string,
      string,
      string,
    ];
    const edited =
      `# a comment\n${head}${third}${second}${first.replace("salt:", "speed: 7, salt:")}`.replaceAll(
        "second",
        "middle",
      );
    const record = await project.run(edited);
    expect(idsOf(record, "cached").length).toBe(3);
  });

  test("uses a cached result after a change was taken back", async () => {
    await project.run(chain);
    await project.run(chain.replace("one", "two"));
    expect(idsOf(await project.run(chain), "cached").length).toBe(3);
  });

  test("made anew by force does what two steps share only once", async () => {
    const twins = "name: twins\nsteps:\n  a: { uses: mix }\n  b: { uses: mix }\n";
    await project.run(twins);
    const record = await project.run(twins, { forced: ["a", "b"] });
    expect(Object.values(record.steps).map(({ outcome }) => outcome)).toEqual(["ran", "cached"]);
  });

  test("notices an edit that leaves size and time as they were, right after the file was read", async () => {
    const file = join(project.root, "data/a.txt");
    const now = new Date();
    utimesSync(file, now, now);
    await project.run(chain);
    write("a.txt", "b");
    utimesSync(file, now, now);
    expect(idsOf(await project.run(chain), "ran")).toEqual(["first", "second", "third"]);
  });

  test("refuses a result whose source changed while it was read", async () => {
    const careless: StepType = {
      ...mix,
      name: "mix",
      async run(ctx) {
        await mix.run(ctx);
        write("a.txt", "changed");
      },
    };
    const racing = newProject([careless], project.root);
    const record = await racing.run(chain);
    expect(record.steps.first).toMatchObject({
      outcome: "failed",
      failure: { message: expect.stringContaining("./data/a.txt changed while the step read it") },
    });
    expect(idsOf(await project.run(chain), "ran")).toEqual(["first", "second", "third"]);
  });

  const branches = `
name: branches
steps:
  bad:
    uses: fragile
    inputs: { mood: ./data/mood }
  after:
    uses: mix
    inputs: { before: bad.out }
  other:
    uses: mix
    inputs: { before: slow.out }
  slow:
    uses: mix
`;

  test("after a failure starts nothing new; with keep-going all that does not need it", async () => {
    write("mood", "not in the mood");
    const stopped = await project.run(branches);
    expect(stopped.outcome).toBe("failed");
    expect(stopped.steps.bad?.failure).toEqual({ kind: "step", message: "not in the mood" });
    expect(stopped.steps.after?.outcome).toBe("skipped");
    const going = await project.run(branches.replace("name: branches", "name: more"), { keepGoing: true });
    expect(going.steps).toMatchObject({ after: { outcome: "skipped" }, slow: {}, other: {} });
    expect(idsOf(going, "skipped")).toEqual(["after"]);
    expect([...idsOf(going, "ran"), ...idsOf(going, "cached")].sort()).toEqual(["other", "slow"]);
    write("mood", "fine");
    const mended = await project.run(branches);
    expect(idsOf(mended, "ran")).toEqual(["bad", "after"]);
  });

  test("is interrupted by a signal, and goes on when it is run again", async () => {
    const text =
      "name: wait\nsteps:\n  wait:\n    uses: patient\n  next:\n    uses: mix\n    inputs: { x: wait.out }\n";
    const controller = new AbortController();
    const stopped = await project.run(text, {
      stop: controller.signal,
      onEvent: (event) => event.kind === "step-progress" && controller.abort(),
    });
    expect(stopped.outcome).toBe("interrupted");
    expect(stopped.steps).toMatchObject({ wait: { outcome: "interrupted" }, next: { outcome: "not-run" } });
    writeFileSync(join(project.root, "go"), "");
    expect(idsOf(await project.run(text), "ran")).toEqual(["wait", "next"]);
  });

  test("waits for another run that computes the same, and uses its result", async () => {
    const text = "name: wait\nsteps:\n  wait:\n    uses: patient\n";
    const events: Event["kind"][] = [];
    const first = project.run(text, { onEvent: ({ kind }) => kind === "step-progress" && begin() });
    let begin = (): void => {};
    await new Promise<void>((resolve) => {
      begin = resolve;
    });
    const second = project.run(text, {
      onEvent(event) {
        events.push(event.kind);
        if (event.kind === "step-waiting") writeFileSync(join(project.root, "go"), "");
      },
    });
    expect(idsOf(await first, "ran")).toEqual(["wait"]);
    expect(idsOf(await second, "cached")).toEqual(["wait"]);
    expect(events).toContain("step-waiting");
  });

  test("repeats what is forced, and nothing that follows if it comes out the same", async () => {
    await project.run(chain);
    const record = await project.run(chain, { forced: ["first"] });
    expect(idsOf(record, "ran")).toEqual(["first"]);
  });

  test("computes anew what was damaged", async () => {
    const before = await project.run(chain);
    const digest = before.steps.second?.outputs.out?.digest ?? "";
    rmSync(join(project.cache.artifacts.path(digest), "value"));
    const record = await project.run(chain);
    expect(idsOf(record, "ran")).toEqual(["second"]);
    expect(project.read(record, "second", "out", "value")).not.toBe("");
  });
});
