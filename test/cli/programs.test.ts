import { spawnSync } from "node:child_process";
import { chmodSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { newWorkplace, repository, type Workplace } from "./flow.ts";

let place: Workplace;
beforeEach(() => {
  place = newWorkplace();
});
afterEach(() => place.remove());

function command(run: string | readonly string[]): void {
  const steps = { s: { uses: "command", with: { run, outputs: ["o"] } } };
  place.write("p.yaml", JSON.stringify({ name: "p", steps }));
}

function executable(name: string, content: string | Buffer): void {
  place.write(name, content);
  chmodSync(join(place.root, name), 0o755);
}

const elfOfNoMachine = Buffer.from(`7f454c4602010100${"00".repeat(8)}0200ffff${"00".repeat(44)}`, "hex");

describe("a program that the system does not start is explained", () => {
  test.each([
    [
      "no interpreter",
      "#!/no/such/interpreter -u\nexit\n",
      /\/no\/such\/interpreter, which its first line names, is not there/,
    ],
    [
      "an interpreter that is no program",
      "#!/etc/passwd\nexit\n",
      /\/etc\/passwd, which its first line names, is not executable/,
    ],
    ["line ends of Windows", "#!/bin/sh\r\nexit\r\n", /its first line ends with a carriage return/],
    [
      "another machine",
      elfOfNoMachine,
      /the system cannot execute it; it may be made for another kind of machine/,
    ],
  ])("%s", async (_, content, message) => {
    executable("program", content);
    command(["./program"]);
    const { code, stderr } = await place.flow(["run", "p.yaml"]);
    expect(stderr).toMatch(/^s failed: \.\/program cannot be started: /m);
    expect(stderr).toMatch(message);
    expect(stderr).not.toMatch(/guard|exec:|mistake in flow/);
    expect(code).toBe(1);
  });

  test("a folder", async () => {
    command(["./runs"]);
    expect((await place.flow(["run", "p.yaml"])).stderr).toMatch(/\.\/runs is a folder, not a program/);
  });

  test("but one without a first line of that kind is read by the shell, as everywhere", async () => {
    executable("program", "echo 1 > $FLOW_OUTPUT_O/f\n");
    command(["./program"]);
    expect((await place.flow(["run", "p.yaml"])).code).toBe(0);
  });
});

describe("how a program died is told", () => {
  test.each([
    ["itself", ["sh", "-c", "kill -SEGV $$"], /^s failed: sh was killed by SIGSEGV$/m],
    [
      "in a shell line",
      "sh -c 'kill -SEGV $$'; true",
      /exit code 139: a program in it was killed by SIGSEGV$/m,
    ],
    [
      "perhaps for memory",
      ["sh", "-c", "kill -KILL $$"],
      /was killed by SIGKILL; the system does this when memory runs out/,
    ],
    ["by its own wish", "exit 200", /^s failed: \/bin\/sh ended with exit code 200$/m],
  ])("%s", async (_, run, message) => {
    command(run);
    const { code, stderr } = await place.flow(["run", "p.yaml"]);
    expect(stderr).toMatch(message);
    expect(code).toBe(1);
  });
});

test("where its log cannot be written the program ends, and the disk is named", async () => {
  command("echo $$ > pid; seq 1 1000000; sleep 60; echo 1 > $FLOW_OUTPUT_O/f");
  // A limit on files is the nearest thing to a full disk that everybody can make.
  const flow = [process.execPath, join(repository, "dist/flow.js"), "run", "p.yaml"];
  const { status, stderr } = spawnSync("bash", ["-c", 'ulimit -f 500; exec "$@"', "bash", ...flow], {
    cwd: place.root,
    encoding: "utf8",
    timeout: 50_000,
  });
  expect(stderr).toMatch(/^s failed: the file is larger than the file system allows: .*\/logs\/s\.log$/m);
  expect(stderr).not.toMatch(/^ +at /m);
  expect(status).toBe(4);
});

test("peak memory counts a child that a thread has started", async () => {
  const child = "import time; b = bytearray(200_000_000); time.sleep(0.5)";
  place.write(
    "threads.py",
    `import subprocess, sys, threading\nt = threading.Thread(target=lambda: subprocess.run([sys.executable, "-c", "${child}"]))\nt.start(); t.join()\n`,
  );
  command("python3 threads.py; echo 1 > $FLOW_OUTPUT_O/f");
  await place.flow(["run", "p.yaml"]);
  expect(place.record().steps.s?.peakMemory).toBeGreaterThan(200_000_000);
});
