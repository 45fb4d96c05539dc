import { execFileSync, spawnSync } from "node:child_process";
import { mkdirSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { newWorkplace, repository, type Workplace } from "./flow.ts";

// What reaches a terminal, a CI log, or a program that reads JSON.

let place: Workplace;
beforeEach(() => {
  place = newWorkplace();
  place.write("p.yaml", "name: p\nsteps:\n  s: { uses: command, with: { run: 'exit 3', outputs: [o] } }\n");
});
afterEach(() => place.remove());

const steering = /[^\P{Cc}\t\n]|[\u2028\u2029\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/u;
// CSI in one byte of Latin-1, a direction that is turned, a deletion.
const nasty = "\u001b[2J\u009b2J\u202e\u007f";

describe("what would steer the terminal is shown, not sent", () => {
  test.each([
    ["the name of a file", ["run", `${nasty}.yaml`]],
    ["an option", ["run", "p.yaml", `--${nasty}`]],
    ["a step", ["run", "p.yaml", "--until", nasty]],
    ["a param", ["plan", "p.yaml", "-S", `${nasty}=1`]],
  ])("%s on the command line", async (_, args) => {
    const { code, stderr } = await place.flow(args);
    expect(code).toBe(2);
    expect(stderr).toContain("␛[2J\ufffd2J\ufffd␡");
    expect(stderr).not.toMatch(steering);
  });

  test("a path in a pipeline, in every command", async () => {
    place.write(
      "p.yaml",
      'name: p\nsteps:\n  s: { uses: command, inputs: { d: "./a\\e[2J\\x9b\\u202e" }, with: { run: "true", outputs: [o] } }\n',
    );
    for (const command of ["run", "plan", "status", "graph", "validate"]) {
      const { stdout, stderr } = await place.flow([command, "p.yaml"]);
      expect(stdout + stderr, command).not.toMatch(steering);
    }
  });

  test("JSON is the same JSON", async () => {
    place.write(
      "p.yaml",
      "name: p\nsteps:\n  s: { uses: command, with: { run: 'printf \"\\302\\2332J\\342\\200\\256\\177\\n\"; exit 3', outputs: [o] } }\n",
    );
    const { stdout } = await place.flow(["run", "p.yaml", "--json"]);
    expect(stdout).not.toMatch(steering);
    const events = stdout
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line));
    expect(events.find(({ kind }) => kind === "step-finished").failure.message).toContain(
      "\u009b2J\u202e\u007f",
    );
  });
});

describe("--json", () => {
  test.each([
    [["run", "p.yaml", "--json", "--frce"], "unknown option '--frce'"],
    [["run", "--json"], "missing required argument 'pipeline'"],
    [["run", "p.yaml", "--json", "-j", "none"], "A whole number from 1 on is needed."],
    [["run", "none.yaml", "--json"], "there is no file none.yaml"],
  ])("tells a mistake in `flow %j` on a line of stdout", async (args, message) => {
    const { code, stdout, stderr } = await place.flow(args);
    expect({ code, stderr }).toEqual({ code: 2, stderr: "" });
    expect(JSON.parse(stdout)).toMatchObject({
      kind: "diagnostic",
      severity: "error",
      message: expect.stringContaining(message),
    });
    expect(stdout.indexOf("\n")).toBe(stdout.length - 1);
  });

  test.each(["plan", "validate", "status", "graph"])(
    "of %s has all mistakes in diagnostics",
    async (command) => {
      place.write("wrong.yaml", "name: p\nsteps: { s: { uses: comand } }\n");
      for (const args of [["wrong.yaml"], ["none.yaml"], ["p.yaml", "--frce"]]) {
        const { code, stdout, stderr } = await place.flow([command, ...args, "--json"]);
        expect({ code, stderr }).toEqual({ code: 2, stderr: "" });
        expect(JSON.parse(stdout).diagnostics).toMatchObject([{ severity: "error" }]);
      }
    },
  );
});

test("what every command takes may stand before it", async () => {
  mkdirSync(join(place.root, "sub"));
  place.write(
    "sub/p.yaml",
    "name: p\nparams: { a: 1, b: 2 }\nsteps:\n  s: { uses: command, with: { run: 'echo ${params.a} > $FLOW_OUTPUT_O/f', outputs: [o] } }\n",
  );
  const before = ["-C", "sub", "--cache", "kept", "--no-color", "-S", "a=3", "--json"];
  const { code, stdout } = await place.flow([...before, "run", "p.yaml", "-S", "b=4"]);
  expect(code).toBe(0);
  expect(JSON.parse(stdout.split("\n")[0] ?? "")).toMatchObject({
    kind: "run-started",
    params: { a: 3, b: 4 },
  });
  expect(readdirSync(join(place.root, "sub/kept/artifacts"))).toHaveLength(1);
});

const hasScript = spawnSync("script", ["--version"], { encoding: "utf8" }).stdout?.includes("util-linux");
// biome-ignore lint/suspicious/noConsole: a skip says why
if (!hasScript) console.log("skipped: there is no script(1) of util-linux to make a terminal with");

describe.skipIf(!hasScript)("in a terminal", () => {
  /** What it shows, byte for byte, without the carriage returns that it adds itself. */
  function inTerminal(env: Readonly<Record<string, string>>, redirect = ""): string {
    const line = `${process.execPath} ${join(repository, "dist/flow.js")} run p.yaml ${redirect}`;
    const shown = execFileSync("script", ["-qc", `stty cols 80 rows 24; ${line} || :`, "/dev/null"], {
      cwd: place.root,
      encoding: "utf8",
      env: { PATH: process.env.PATH, SHELL: "/bin/sh", FLOW_HOME: join(place.root, "home"), ...env },
    });
    return shown.replaceAll("\r\n", "\n");
  }

  test("lines change in place, and the cursor is there again at the end", () => {
    const shown = inTerminal({ TERM: "xterm" });
    expect(shown).toContain("\u001b[?25l");
    expect(shown.lastIndexOf("\u001b[?25h")).toBeGreaterThan(shown.lastIndexOf("\u001b[?25l"));
  });

  test.each([{ TERM: "dumb" }, { TERM: "" }, {}])("that can only print lines, it gets lines: %j", (env) => {
    const shown = inTerminal({ ...env });
    expect(shown).toContain("s  failed  /bin/sh ended with exit code 3");
    expect(shown).not.toMatch(steering);
  });

  test("colours are for what a person looks at: not for stderr in a file", () => {
    expect(inTerminal({ TERM: "xterm" }, "2> errors")).toContain("\u001b[31m");
    const errors = readFileSync(join(place.root, "errors"), "utf8");
    expect(errors).toContain("s failed:");
    expect(errors).not.toMatch(steering);
  });
});
