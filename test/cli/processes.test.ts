import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { childrenOf, newWorkplace, until, type Workplace } from "./flow.ts";

// When a step ends, in whatever way, what it started has ended.

let place: Workplace;
beforeEach(() => {
  place = newWorkplace();
});
afterEach(() => place.remove());

function command(run: string): void {
  place.write(
    "p.yaml",
    `name: p\nsteps:\n  s:\n    uses: command\n    with:\n      outputs: [o]\n      run: |\n        ${run.replaceAll("\n", "\n        ")}\n`,
  );
}

const file = (name: string): string => join(place.root, name);
const pidIn = (name: string): number => Number(readFileSync(file(name), "utf8"));
const hasPid = (name: string): boolean =>
  existsSync(file(name)) && /\d+\n/.test(readFileSync(file(name), "utf8"));

function isThere(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, "utf8"));
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}

describe("a program left in the background", () => {
  test("ends with the step, before anything is hashed, and nobody waits for it", async () => {
    command(
      'echo early > $FLOW_OUTPUT_O/f\n(trap "" TERM; echo $$ > pid; sleep 60; echo LATER >> $FLOW_OUTPUT_O/f) &\nwhile [ ! -s pid ]; do sleep 0.01; done',
    );
    expect(await place.flow(["run", "p.yaml"])).toMatchObject({ code: 0, stderr: "" });
    expect(readFileSync(join(place.root, "runs/latest/s/o/f"), "utf8")).toBe("early\n");
    expect(place.record().steps.s?.seconds).toBeLessThan(30);
  });

  test("ends also where it leads a process group of its own", async () => {
    command("bash -c 'set -m; sleep 60 & echo $! > pid'\necho 1 > $FLOW_OUTPUT_O/f");
    expect((await place.flow(["run", "p.yaml"])).code).toBe(0);
    expect(isThere(pidIn("pid"))).toBe(false);
  });

  test("ends where the step fails", async () => {
    command("sleep 60 &\necho $! > pid\nexit 3");
    const { code, stderr } = await place.flow(["run", "p.yaml"]);
    expect(code).toBe(1);
    expect(stderr).toMatch(/ended with exit code 3/);
    expect(isThere(pidIn("pid"))).toBe(false);
  });
});

const stubborn = 'trap "" TERM INT HUP\necho $$ > pid\nwhile :; do sleep 0.05; done';

describe("a program that hears no signal", () => {
  test.each(["SIGINT", "SIGTERM", "SIGHUP"] as const)(
    "ends a second after %s; the run is recorded as interrupted",
    async (signal) => {
      command(stubborn);
      const { child, finished } = place.start(["run", "p.yaml"]);
      await until(() => hasPid("pid"), "the program");
      child.kill(signal);
      expect((await finished).code).toBe(130);
      expect(isThere(pidIn("pid"))).toBe(false);
      expect(place.record()).toMatchObject({
        outcome: "interrupted",
        steps: { s: { outcome: "interrupted" } },
      });
    },
  );

  test.each([
    ["the death of flow", (flow: number) => [flow], "SIGKILL"],
    ["the death of both", (flow: number) => [...childrenOf(flow), flow], "SIGKILL"],
  ] as const)("ends soon after %s", async (_, targets, signal) => {
    command(stubborn);
    const { child, finished } = place.start(["run", "p.yaml"]);
    await until(() => hasPid("pid"), "the program");
    for (const pid of targets(child.pid as number)) process.kill(pid, signal);
    await finished;
    await until(() => !isThere(pidIn("pid")), "the end of the program");
  });
});

describe("a step whose worker is killed has ended when all its programs have, whatever groups they made", () => {
  test.each([
    ["by the second Ctrl-C", (flow: number) => [flow, flow], "SIGINT", 130],
    ["by somebody else", (flow: number) => childrenOf(flow), "SIGKILL", 1],
  ] as const)("%s", async (_, targets, signal, code) => {
    const apart = stubborn.replace("> pid", "> apart");
    place.write("apart.sh", apart);
    command(`bash -c 'set -m; sh apart.sh & wait' &\n${stubborn}`);
    const { child, finished } = place.start(["run", "p.yaml"]);
    await until(() => hasPid("pid") && hasPid("apart"), "the programs");
    for (const pid of targets(child.pid as number)) process.kill(pid, signal);
    expect((await finished).code).toBe(code);
    expect([pidIn("pid"), pidIn("apart")].filter(isThere)).toEqual([]);
  });
});

describe("a terminal that goes away", () => {
  test("is told twice, by the system and by the shell, and is one interrupt", async () => {
    command(
      "trap 'touch asked; while [ ! -e go ]; do sleep 0.01; done; touch tidied; exit 1' TERM\necho $$ > pid\nwhile :; do sleep 0.01; done",
    );
    const { child, finished } = place.start(["run", "p.yaml"]);
    await until(() => hasPid("pid"), "the program");
    child.kill("SIGHUP");
    await until(() => existsSync(file("asked")), "the first");
    child.kill("SIGHUP");
    place.write("go", "");
    expect((await finished).code).toBe(130);
    expect(existsSync(file("tidied"))).toBe(true);
  });

  test("is not heard by what nohup started", async () => {
    command("echo $$ > pid\nwhile [ ! -e go ]; do sleep 0.05; done\necho 1 > $FLOW_OUTPUT_O/f");
    const { child, finished } = place.start(["run", "p.yaml"], { FLOW_NOHUP: "1" });
    await until(() => hasPid("pid"), "the program");
    child.kill("SIGHUP");
    place.write("go", "");
    expect((await finished).code).toBe(0);
  });
});

test("a program that waits for all its children is not kept waiting", async () => {
  command(
    "python3 -c 'import os\nos.fork() or os._exit(0)\nwhile True:\n  try: os.wait()\n  except ChildProcessError: break'\necho 1 > $FLOW_OUTPUT_O/f",
  );
  expect(await place.flow(["run", "p.yaml"])).toMatchObject({ code: 0 });
});

test("a worker that dies while it is idle gets no step", async () => {
  place.write(
    "p.yaml",
    `name: p
steps:
  a: { uses: command, with: { run: "echo > $FLOW_OUTPUT_O/a", outputs: [o] } }
  b: { uses: command, with: { run: "touch b; while [ ! -e go ]; do sleep 0.01; done; echo > $FLOW_OUTPUT_O/b", outputs: [o] } }
  c: { uses: command, inputs: { i: b.o }, with: { run: "echo c > $FLOW_OUTPUT_O/c", outputs: [o] } }
  d: { uses: command, inputs: { i: b.o }, with: { run: "echo d > $FLOW_OUTPUT_O/d", outputs: [o] } }
`,
  );
  const { child, finished } = place.start(["run", "p.yaml", "-j", "2"]);
  const links = (): boolean => existsSync(join(place.root, "runs/latest/a/o")) && existsSync(file("b"));
  await until(links, "the end of the first step");
  const idle = childrenOf(child.pid as number).filter((pid) => childrenOf(pid).length === 0);
  expect(idle).toHaveLength(1);
  for (const pid of idle) process.kill(pid, "SIGKILL");
  place.write("go", "");
  expect((await finished).code).toBe(0);
});

describe("what a program prints", () => {
  test("goes to the log as it comes; a carriage return ends a line; events do not repeat it", async () => {
    command("printf '1/2\\r2/2\\r\\nre''st\\n'\necho bad >&2\necho 1 > $FLOW_OUTPUT_O/f");
    expect((await place.flow(["run", "p.yaml"])).stdout).not.toMatch(/rest|bad/);
    expect(readFileSync(join(place.root, "runs/latest/logs/s.log"), "utf8")).toBe("1/2\n2/2\nrest\nbad\n");
    expect(readFileSync(join(place.root, "runs/latest/events.ndjson"), "utf8")).not.toContain("rest");
    command("printf 'a\\033[2Jb\\n'\necho 2 > $FLOW_OUTPUT_O/f");
    expect((await place.flow(["run", "p.yaml", "-v"])).stdout).toContain("s  a␛[2Jb\n");
  });

  test("is bounded in the log: its beginning and its end stay", async () => {
    command(
      "echo first\nhead -c 20000000 /dev/zero | tr '\\0' x\nprintf '\\nlast\\n'\necho 1 > $FLOW_OUTPUT_O/f",
    );
    expect((await place.flow(["run", "p.yaml"])).code).toBe(0);
    const log = readFileSync(join(place.root, "runs/latest/logs/s.log"), "utf8");
    expect(log).toMatch(/^first\nx+\n\[\d+ bytes are left out here\]\nx+\nlast\n$/);
    expect(log.length).toBeGreaterThan(16 << 20);
    expect(log.length).toBeLessThan(17 << 20);
    expect(place.record().steps.s?.peakMemory).toBeLessThan(100 << 20);
  });

  test("is shown with what would steer the terminal made visible", async () => {
    command("printf '\\033[2J\\033]0;title\\007\\n'\nexit 3");
    const { stdout, stderr } = await place.flow(["run", "p.yaml"]);
    expect(stdout + stderr).not.toMatch(/[^\P{Cc}\n]/u);
    expect(stderr).toContain("␛[2J␛]0;title␇");
  });
});

describe("a program that cannot be started is the step's mistake", () => {
  test.each([
    ["run: [no-such-program]", /no-such-program is not there, or not in PATH/],
    ["run: [./p.yaml]", /\.\/p\.yaml is not executable/],
    ['run: [""]', /the program has no name/],
    ['run: ["echo", "a\\0b"]', /holds a NUL character/],
    [`run: "echo ${"x".repeat(140_000)}"`, /longer than the system allows/],
    ['run: "rmdir $FLOW_OUTPUT_O"', /output o .*is not there any more/],
    ['run: "rmdir $FLOW_OUTPUT_O; echo > $FLOW_OUTPUT_O"', /was replaced by something else/],
  ])("%s", async (line, message) => {
    place.write(
      "p.yaml",
      `name: p\nsteps:\n  s:\n    uses: command\n    with:\n      outputs: [o]\n      ${line}\n`,
    );
    const { code, stderr } = await place.flow(["run", "p.yaml"]);
    expect(stderr).toMatch(message);
    expect(stderr).not.toMatch(/mistake in flow|\n {4}at /);
    expect(code).toBe(1);
  });
});

test("peak memory of a command is its program's", async () => {
  command("python3 -c 'import time; b = bytearray(300_000_000); time.sleep(0.3)'\necho 1 > $FLOW_OUTPUT_O/f");
  await place.flow(["run", "p.yaml"]);
  expect(place.record().steps.s?.peakMemory).toBeGreaterThan(300_000_000);
});

test("a program that writes into what it was given fails every step that had it, and the next run makes it anew", async () => {
  const pipeline = (run: string): string => `name: p
steps:
  make: { uses: command, with: { run: "echo 1 > $FLOW_OUTPUT_O/data", outputs: [o] } }
  bad: { uses: command, inputs: { i: make.o }, with: { run: "${run}", outputs: [o] } }
  other: { uses: command, inputs: { i: make.o }, with: { run: "touch started; while [ ! -e bad-ended ]; do sleep 0.01; done; cat $FLOW_INPUT_I/data > $FLOW_OUTPUT_O/r", outputs: [o] } }
`;
  const write =
    "while [ ! -e started ]; do sleep 0.01; done; cd $FLOW_INPUT_I; echo 2 > t; mv -f t data; cd -; touch bad-ended; echo > $FLOW_OUTPUT_O/x";
  place.write("p.yaml", pipeline(write));
  const { code, stderr } = await place.flow(["run", "p.yaml", "-k", "-j", "2"]);
  expect(code).toBe(1);
  expect(stderr).toMatch(/bad failed: data of make\.o changed while the step ran/);
  expect(place.record().steps.other?.outcome).toBe("failed");
  place.write("p.yaml", pipeline("cat $FLOW_INPUT_I/data > $FLOW_OUTPUT_O/x"));
  expect((await place.flow(["run", "p.yaml"])).code).toBe(0);
  expect(place.record().steps.make?.outcome).toBe("ran");
  expect(execFileSync("cat", [join(place.root, "runs/latest/other/o/r")], { encoding: "utf8" })).toBe("1\n");
});
