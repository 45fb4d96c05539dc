import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { newWorkplace, type Workplace } from "./flow.ts";

// Programs read artifacts where they lie. One that writes there fails, and what it wrote to is made anew.

let place: Workplace;
beforeEach(() => {
  place = newWorkplace({ as: "ordinary" });
});
afterEach(() => place.remove());

interface Act {
  /** What the failure names. */
  readonly named: string;
  /** Done in the folder that the program was given, the first time. */
  readonly act: string;
}

const acts: Readonly<Record<string, Act>> = {
  "a changed file": { named: "f of ", act: "chmod u+w f; echo evil > f" },
  "a changed file with its old time": {
    named: "f of ",
    act: "chmod u+w f; touch -r f $OLD; echo evil > f; touch -r $OLD f",
  },
  "a file put in its place": { named: "f of ", act: "echo evil > $OLD; mv -f $OLD f" },
  "a file written to with what it held": { named: "f of ", act: "chmod u+w f; cp $FLOW_OUTPUT_O/f f" },
  "a file removed": { named: "f of ", act: "rm -f f" },
  "a file added": { named: "more of ", act: "echo 1 > more" },
  "a link added": { named: "more of ", act: "ln -s / more" },
  "a file nobody can read": { named: "f of ", act: "chmod 0 f" },
  "a program that runs no more": { named: "tool of ", act: "chmod 444 tool" },
  "an empty folder removed": { named: "empty of ", act: "rmdir empty" },
  "an empty folder added": { named: "more of ", act: "mkdir more" },
  "the folder moved away": { named: "", act: "mv $FLOW_INPUT_X $FLOW_INPUT_X.away" },
  "the folder closed": { named: "", act: "chmod 0 ." },
  "a failing program": { named: "f of ", act: "chmod u+w f; echo evil > f; exit 3" },
  "a program whose worker dies": {
    named: "f of ",
    act: "chmod u+w f; echo evil > f; kill -9 $PPID; sleep 5",
  },
};

const harmless: Readonly<Record<string, string>> = {
  "a new name for a file": "ln f $OLD",
  "a mode that does not count": "chmod u+w f",
};

/** Two steps an act: one makes a folder, the other gets it. */
function pipelineOf(acts: readonly string[]): string {
  const steps = acts.map(
    (act, at) => `
  make${at}:
    uses: command
    with:
      outputs: [o]
      run: cd $FLOW_OUTPUT_O; echo good ${at} > f; echo ok > tool; chmod +x tool; mkdir empty
  use${at}:
    uses: command
    inputs: { x: make${at}.o }
    with:
      outputs: [o]
      run: |
        cp $FLOW_INPUT_X/f $FLOW_OUTPUT_O/f
        DONE=$PWD/done${at}; OLD=$PWD/old${at}
        cd $FLOW_INPUT_X
        [ -e $DONE ] || { : > $DONE; ${act}; }
`,
  );
  return `name: p\nsteps:${steps.join("")}`;
}

const run = (...more: string[]) => place.flow(["run", "p.yaml", ...more]);
const outcomeOf = (step: string) => place.record().steps[step]?.outcome;

test("what a program does to what it was given is named, and made anew by the next run", async () => {
  const all = Object.entries(acts);
  place.write("p.yaml", pipelineOf(all.map(([, { act }]) => act)));
  expect(await run("-k")).toMatchObject({ code: 1 });
  const { steps } = place.record();
  for (const [at, [what, { named }]] of all.entries()) {
    const { outcome, failure } = steps[`use${at}`] ?? {};
    expect(outcome, what).toBe("failed");
    expect(failure?.message, what).toContain(`${named}make${at}.o changed while the step ran`);
  }
  expect(await run("-k")).toMatchObject({ code: 0, stderr: "" });
  for (const [at, [what]] of all.entries()) {
    expect(outcomeOf(`make${at}`), what).toBe("ran");
    const made = join(place.root, `runs/latest/make${at}/o`);
    expect(readdirSync(made).sort(), what).toEqual(["empty", "f", "tool"]);
    for (const folder of [made, join(place.root, `runs/latest/use${at}/o`)]) {
      expect(readFileSync(join(folder, "f"), "utf8"), what).toBe(`good ${at}\n`);
    }
    expect(statSync(join(made, "tool")).mode & 0o777, what).toBe(0o555);
  }
});

test("a new name for a file, or a mode that does not count, is no harm", async () => {
  place.write("p.yaml", pipelineOf(Object.values(harmless)));
  expect(await run()).toMatchObject({ code: 0, stderr: "" });
});

test("another step that reads the same folder meanwhile fails too, also under another name", async () => {
  const reader = (input: string): string => `
    uses: command
    inputs: { x: ${input} }
    with:
      outputs: [o]
      run: |
        : > ${input}.reads; while [ ! -e written ]; do sleep 0.01; done
        cp $FLOW_INPUT_X/f $FLOW_OUTPUT_O/f`;
  const maker = `{ uses: command, with: { outputs: [o], run: 'echo good > $FLOW_OUTPUT_O/f # NAME' } }`;
  place.write(
    "p.yaml",
    `
name: p
steps:
  one: ${maker}
  two: ${maker.replace("NAME", "other")}
  same: ${reader("one.o")}
  other: ${reader("two.o")}
  writer:
    uses: command
    inputs: { x: one.o }
    with:
      outputs: [o]
      run: |
        while [ ! -e one.o.reads ] || [ ! -e two.o.reads ]; do sleep 0.01; done
        if [ -e written ]; then echo 1 > $FLOW_OUTPUT_O/f; exit; fi
        chmod u+w $FLOW_INPUT_X/f; echo evil > $FLOW_INPUT_X/f; : > written; echo 1 > $FLOW_OUTPUT_O/f
`,
  );
  expect(await run("-k", "-j", "3")).toMatchObject({ code: 1 });
  const outcomes = Object.entries(place.record().steps).map(([id, { outcome }]) => [id, outcome]);
  expect(Object.fromEntries(outcomes)).toMatchObject({ same: "failed", other: "failed", writer: "failed" });
  expect(await run("-k", "-j", "3")).toMatchObject({ code: 0 });
  for (const step of ["same", "other"]) {
    expect(readFileSync(join(place.root, "runs/latest", step, "o/f"), "utf8")).toBe("good\n");
  }
});
