import { execFileSync } from "node:child_process";
import {
  existsSync,
  mkdirSync,
  readFileSync,
  realpathSync,
  statSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { ownIdentity, toWord } from "../../engine/process-identity.ts";
import { newWorkplace, commandPipeline as pipeline, type Workplace } from "./flow.ts";

// What a run leaves behind, and what is told of it later.

let place: Workplace;
afterEach(() => place.remove());

beforeEach(() => {
  place = newWorkplace();
  place.write("p.yaml", pipeline());
});

test("nothing that flow makes shows up in git, what others keep under runs/ does", async () => {
  execFileSync("git", ["init", "-q"], { cwd: place.root });
  const untracked = (): string[] =>
    execFileSync("git", ["status", "--porcelain", "--untracked-files=all"], {
      cwd: place.root,
      encoding: "utf8",
    })
      .split("\n")
      .filter(Boolean);
  mkdirSync(join(place.root, "data"));
  place.write("data/a", "");
  place.write("p.yaml", pipeline("inputs: { d: ./data }, "));
  await place.flow(["plan", "p.yaml"]);
  expect(existsSync(join(place.root, ".flow/trees"))).toBe(true);
  expect(untracked()).toEqual(["?? data/a", "?? p.yaml"]);
  await place.flow(["run", "p.yaml"]);
  mkdirSync(join(place.root, "runs/theirs"));
  place.write("runs/theirs/x", "");
  expect(untracked()).toEqual(["?? data/a", "?? p.yaml", "?? runs/theirs/x"]);
});

test("a run that cannot be seen from here is running while its heart beats, then crashed", async () => {
  await place.flow(["run", "p.yaml"]);
  const file = join(realpathSync(join(place.root, "runs/latest")), "run.json");
  // As before the machine was started anew, or in a container of the same name.
  const elsewhere = toWord({ ...ownIdentity(), boot: "another", pid: 1 });
  writeFileSync(file, JSON.stringify({ ...place.record(), outcome: "running", process: elsewhere }));
  writeFileSync(
    join(file, "../events.ndjson"),
    readFileSync(join(file, "../events.ndjson"), "utf8")
      .replaceAll(/"process":"[^"]*"/g, `"process":"${elsewhere}"`)
      .replace(/\{"kind":"run-finished".*\n/, ""),
  );
  const lastRun = async (): Promise<string> =>
    (await place.flow(["status", "p.yaml"])).stdout.split("\n")[0] ?? "";
  expect(await lastRun()).toMatch(/^Last run .*: running/);
  const past = new Date(Date.now() - 3600_000);
  utimesSync(file, past, past);
  expect(await lastRun()).toMatch(/^Last run .*: crashed/);
});

test("a run that was killed before it began does not hide the one before it", async () => {
  await place.flow(["run", "p.yaml"]);
  mkdirSync(join(place.root, "runs/9999-01-01T00-00-00-p-0000/logs"), { recursive: true });
  expect((await place.flow(["status", "p.yaml"])).stdout).toMatch(/^Last run .*: ok/);
});

test("a folder called runs/latest stays, and the run goes well", async () => {
  mkdirSync(join(place.root, "runs/latest/mine"), { recursive: true });
  expect(await place.flow(["run", "p.yaml"])).toMatchObject({ code: 0, stderr: "" });
  expect(existsSync(join(place.root, "runs/latest/mine"))).toBe(true);
});

test("advice to go on does not begin from nothing", async () => {
  place.write("p.yaml", pipeline("", "exit 1"));
  const { stdout } = await place.flow(["run", "-f", "-R", "s", "p.yaml", "-k"]);
  expect(stdout).toMatch(/To go on: flow run p\.yaml -k\n/);
});

test("--json is one format: an object a line for run, one document for all else", async () => {
  const wrong = "name: p\nsteps: { s: { uses: comand } }\n";
  place.write("wrong.yaml", wrong);
  place.write("blocked.yaml", pipeline("inputs: { d: ./nothing }, "));
  for (const file of ["p.yaml", "wrong.yaml", "blocked.yaml", "none.yaml"]) {
    const { stdout, stderr } = await place.flow(["run", file, "--json"]);
    expect(stderr).toBe("");
    const kinds = stdout
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line).kind);
    expect(
      kinds.every((kind) => typeof kind === "string"),
      file,
    ).toBe(true);
    if (file !== "p.yaml") expect(kinds).toEqual([file === "blocked.yaml" ? "blocked" : "diagnostic"]);
    for (const command of ["plan", "validate", "status", "graph"]) {
      JSON.parse((await place.flow([command, file, "--json"])).stdout);
    }
  }
});

test("two files with one pipeline name have a history each", async () => {
  place.write("q.yaml", pipeline("", "echo 2 > $FLOW_OUTPUT_O/f"));
  await place.flow(["run", "p.yaml"]);
  expect((await place.flow(["status", "q.yaml"])).stdout).toMatch(
    /It has not run here yet[\s\S]*has not run yet/,
  );
  await place.flow(["run", "q.yaml"]);
  place.write("p.yaml", pipeline("", "echo 3 > $FLOW_OUTPUT_O/f"));
  expect((await place.flow(["plan", "p.yaml"])).stdout).toMatch(/echo 1 .*echo 3/);
  expect((await place.flow(["status", "p.yaml"])).stdout).toMatch(/Last run \S+: ok/);
});

test("the command may be told its folder first: flow -C dir run", async () => {
  mkdirSync(join(place.root, "sub"));
  place.write("sub/p.yaml", pipeline());
  expect((await place.flow(["-C", "sub", "run", "p.yaml"])).code).toBe(0);
  expect(statSync(join(place.root, "sub/runs/latest/run.json")).isFile()).toBe(true);
});

test("run.json says where inputs lay that are paths, beside what they were", async () => {
  mkdirSync(join(place.root, "data"));
  place.write("data/a", "");
  place.write("p.yaml", pipeline("inputs: { d: ./data }, "));
  for (const outcome of ["ran", "cached"]) {
    await place.flow(["run", "p.yaml"]);
    const step = place.record().steps.s;
    expect(step).toMatchObject({ outcome, sources: { d: "./data" } });
    expect(step?.inputs.d).toMatch(/^sha256:/);
  }
});
