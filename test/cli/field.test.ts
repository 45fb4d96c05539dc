import { execFileSync, spawnSync } from "node:child_process";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { ownIdentity, toWord } from "../../engine/process-identity.ts";
import { newWorkplace, type Workplace } from "./flow.ts";

// What goes wrong for people in the field.

let place: Workplace;
const pipeline = (inputs = "", run = "echo 1 > $FLOW_OUTPUT_O/f"): string =>
  `name: p\nsteps:\n  s: { uses: command, ${inputs}with: { run: '${run}', outputs: [o] } }\n`;

afterEach(() => {
  spawnSync("chmod", ["-R", "u+w", place.root]);
  place.remove();
});

describe("as an ordinary user", () => {
  beforeEach(() => {
    place = newWorkplace({ as: "ordinary" });
  });

  test("read-only folders that a program leaves are no obstacle, whether it succeeds or fails", async () => {
    place.write(
      "p.yaml",
      pipeline(
        "",
        "mkdir -p $FLOW_OUTPUT_O/a/b; echo 1 > $FLOW_OUTPUT_O/a/b/f; chmod -R a-w $FLOW_OUTPUT_O; test -e $PWD/ok",
      ),
    );
    expect((await place.flow(["run", "p.yaml"])).code).toBe(1);
    place.write("ok", "");
    expect(await place.flow(["run", "p.yaml"])).toMatchObject({ code: 0, stderr: "" });
    expect(readdirSync(join(place.root, ".flow/staging"))).toEqual([]);
  });

  test("reading needs no writing: plan, status, validate, graph, and a run with nothing to do", async () => {
    place.write("data", "x");
    place.write("p.yaml", pipeline("inputs: { d: ./data }, "));
    const locked = (): void => void spawnSync("chmod", ["-R", "a-w", place.root]);
    locked();
    expect((await place.flow(["plan", "p.yaml"])).code).toBe(0);
    expect((await place.flow(["run", "p.yaml"])).code).toBe(4);
    spawnSync("chmod", ["-R", "u+w", place.root]);
    expect((await place.flow(["run", "p.yaml"])).code).toBe(0);
    locked();
    for (const command of ["plan", "status", "validate", "graph"]) {
      expect(await place.flow([command, "p.yaml"]), command).toMatchObject({ code: 0, stderr: "" });
    }
    const { code, stdout, stderr } = await place.flow(["run", "p.yaml"]);
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    expect(stdout).toMatch(/s +cached[\s\S]*no record: the project folder cannot be written/);
  });

  test("a folder in PATH that cannot be entered is passed over", async () => {
    const closed = join(place.root, "closed");
    mkdirSync(closed, { mode: 0 });
    place.write("p.yaml", pipeline().replace(/run: '.*?'/, "run: [touch, '${outputs.o}/f']"));
    const { code, stderr } = await place.flow(["run", "p.yaml"], { PATH: `${closed}:${process.env.PATH}` });
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  });

  test("a file that cannot be read is the user's, one of the cache is the machine's", async () => {
    place.write("data", "x");
    place.write("p.yaml", pipeline("inputs: { d: ./data }, "));
    chmodSync(join(place.root, "data"), 0);
    const denied = await place.flow(["plan", "p.yaml"]);
    expect(denied).toMatchObject({
      code: 2,
      stderr: `flow: permission is denied: ${join(place.root, "data")}\n`,
    });
    chmodSync(join(place.root, "data"), 0o644);
    writeFileSync(join(place.root, "afile"), "");
    expect(await place.flow(["run", "p.yaml", "--cache", "afile"])).toMatchObject({ code: 4 });
  });

  test("a .flowignore that cannot be read is told: without it other files would count", async () => {
    place.write("data", "x");
    place.write("p.yaml", pipeline("inputs: { d: . }, "));
    place.write(".flowignore", "*.tmp");
    chmodSync(join(place.root, ".flowignore"), 0);
    expect(await place.flow(["plan", "p.yaml"])).toMatchObject({
      code: 2,
      stderr: `flow: permission is denied: ${join(place.root, ".flowignore")}\n`,
    });
  });
});

describe("in a cache that others own", () => {
  const isRoot = process.getuid?.() === 0;
  // biome-ignore lint/suspicious/noConsole: a skip says why
  if (!isRoot) console.log("skipped: only root can make a cache for others");

  test.skipIf(!isRoot)(
    "a dead owner's lock that cannot be removed holds nobody up",
    async () => {
      place = newWorkplace({ as: "ordinary" });
      place.write("p.yaml", pipeline());
      expect((await place.flow(["run", "p.yaml"])).code).toBe(0);
      const key = place.record().steps.s?.key?.replace("sha256:", "") ?? "";
      rmSync(join(place.root, ".flow/keys", `${key}.json`));
      rmSync(join(place.root, ".flow/locks"), { recursive: true });
      const { pid } = spawnSync("true");
      place.write(`.flow/lock`, toWord({ ...ownIdentity(), pid }));
      execFileSync(
        "sh",
        ["-c", `cd .flow; mkdir -m 1777 locks; mv lock locks/${key}; chown root locks locks/${key}`],
        { cwd: place.root },
      );
      expect(await place.flow(["run", "p.yaml"])).toMatchObject({ code: 0, stderr: "" });
      expect(place.record().steps.s?.outcome).toBe("ran");
    },
    30_000,
  );
});

describe("sources", () => {
  beforeEach(() => {
    place = newWorkplace();
    mkdirSync(join(place.root, "data"));
    place.write("data/a", "aaaa");
    place.write("p.yaml", pipeline("inputs: { d: ./data }, ", "cat $FLOW_INPUT_D/a > $FLOW_OUTPUT_O/f"));
  });
  const outcome = async (...args: string[]): Promise<unknown> => {
    expect(await place.flow(["run", "p.yaml", ...args])).toMatchObject({ code: 0, stderr: "" });
    return place.record().steps.s?.outcome;
  };

  test("an edit of the same size and time is seen", async () => {
    utimesSync(join(place.root, "data/a"), 0, 0);
    await outcome();
    place.write("data/a", "bbbb");
    utimesSync(join(place.root, "data/a"), 0, 0);
    expect(await outcome()).toBe("ran");
    expect(readFileSync(join(place.root, "runs/latest/s/o/f"), "utf8")).toBe("bbbb");
  });

  test("what is nobody's input changes nothing", async () => {
    await outcome();
    const names = [
      "__pycache__/m.pyc",
      ".DS_Store",
      "Thumbs.db",
      "._a",
      ".git/HEAD",
      ".svn/x",
      ".a.swp",
      "a~",
      "#a#",
      ".~lock.a#",
    ];
    for (const name of names) {
      mkdirSync(join(place.root, "data", name, ".."), { recursive: true });
      place.write(join("data", name), "");
    }
    expect(spawnSync("ln", ["-s", "user@host.1:2", join(place.root, "data/.#a")]).status).toBe(0);
    expect(await outcome()).toBe("cached");
    place.write("data/b", "");
    expect(await outcome()).toBe("ran");
  });

  test(".flowignore leaves out more, in gitignore's syntax; a path that is named is never left out", async () => {
    place.write(".flowignore", "*.tmp\n!keep.tmp\ndata/cache/\n");
    mkdirSync(join(place.root, "data/cache"));
    await outcome();
    for (const name of ["data/x.tmp", "data/cache/y"]) place.write(name, "");
    expect(await outcome()).toBe("cached");
    place.write("data/keep.tmp", "");
    expect(await outcome()).toBe("ran");
    place.write("p.yaml", pipeline("inputs: { d: ./data/x.tmp }, ", "cat $FLOW_INPUT_D > $FLOW_OUTPUT_O/f"));
    await outcome();
    place.write("data/x.tmp", "changed");
    expect(await outcome()).toBe("ran");
  });

  test(".flowignore names files as they are written, and leaves nothing of a named folder out with the folder", async () => {
    mkdirSync(join(place.root, "data/raw"));
    for (const name of ["a", "b.tmp", "C.TMP"]) place.write(`data/raw/${name}`, "");
    place.write(".flowignore", "data/\n*.tmp\n");
    place.write("p.yaml", pipeline("inputs: { d: ./data/raw }, ", "echo > $FLOW_OUTPUT_O/f"));
    await outcome();
    const reasons = async (): Promise<string> => (await place.flow(["plan", "p.yaml"])).stdout;
    place.write("data/raw/b.tmp", "changed");
    expect(await reasons()).toContain("1 cached");
    place.write("data/raw/C.TMP", "changed");
    expect(await reasons()).toContain("1 to run");
    place.write("data/raw/C.TMP", "");
    place.write("data/raw/a", "changed");
    expect(await reasons()).toContain("1 to run");
  });

  test("the project itself can be a source: flow's own folders are no part of it", async () => {
    place.write("p.yaml", pipeline("inputs: { d: . }, ", "ls $FLOW_INPUT_D > $FLOW_OUTPUT_O/f"));
    expect(await outcome()).toBe("ran");
    expect(await outcome()).toBe("cached");
  });

  test("nor where the project is called by a link, before there is a cache", async () => {
    symlinkSync(place.root, join(place.root, "link"));
    place.write(".flowignore", "/link\n");
    place.write("p.yaml", pipeline("inputs: { a: ./data, d: . }, ", "ls $FLOW_INPUT_D > $FLOW_OUTPUT_O/f"));
    expect(await outcome("-C", join(place.root, "link"))).toBe("ran");
    expect(await outcome()).toBe("cached");
  });

  test("neither a FIFO nor a name that is not UTF-8 hangs or crashes anything", async () => {
    expect(spawnSync("mkfifo", [join(place.root, "data/fifo")]).status).toBe(0);
    const fifo = await place.flow(["plan", "p.yaml"]);
    expect(fifo).toMatchObject({
      code: 2,
      stderr: expect.stringMatching(/data\/fifo is neither a file nor a folder/),
    });
    rmSync(join(place.root, "data/fifo"));
    writeFileSync(Buffer.concat([Buffer.from(join(place.root, "data/caf")), Buffer.from([0xe9])]), "");
    const latin = await place.flow(["plan", "p.yaml"]);
    expect(latin).toMatchObject({
      code: 2,
      stderr: expect.stringMatching(/the name caf\\xe9 in .*data is not UTF-8/),
    });
  });

  test("a FIFO hangs nothing, wherever a file is wanted", async () => {
    const fifo = (name: string) => expect(spawnSync("mkfifo", [join(place.root, name)]).status).toBe(0);
    const extract = (network: string): string =>
      `name: p\nsteps:\n  s: { uses: extract, inputs: { images: ./data, network: ${network} }, with: { input: { scaling: none } } }\n`;
    mkdirSync(join(place.root, "net"));
    fifo("net/model.json");
    fifo("net.json");
    for (const [network, named] of [["./net", "net/model.json"], ["./net.json"], ["/dev/zero"]] as const) {
      place.write("n.yaml", extract(network));
      const { code, stderr } = await place.flow(["plan", "n.yaml"]);
      expect({ network, code }).toEqual({ network, code: 2 });
      expect(stderr).toMatch(new RegExp(`${named ?? network.replace("./", "")} is not a file`));
    }
    fifo(".flowignore");
    expect(await outcome()).toBe("ran");
  });

  test("a link to a folder whose name is not UTF-8 is followed", async () => {
    const target = Buffer.concat([Buffer.from(join(place.root, "caf")), Buffer.from([0xe9])]);
    mkdirSync(target);
    writeFileSync(Buffer.concat([target, Buffer.from("/a")]), "1");
    symlinkSync(target, join(place.root, "data/link"));
    place.write("p.yaml", pipeline("inputs: { d: ./data }, ", "cat $FLOW_INPUT_D/link/a > $FLOW_OUTPUT_O/f"));
    expect(await outcome()).toBe("ran");
    writeFileSync(Buffer.concat([target, Buffer.from("/a")]), "2");
    expect(await outcome()).toBe("ran");
  });

  test("a new name for a file (a hard link) while a step reads it does not fail the step", async () => {
    place.write(
      "p.yaml",
      pipeline("inputs: { d: ./data }, ", "ln data/a other; cat $FLOW_INPUT_D/a > $FLOW_OUTPUT_O/f"),
    );
    expect(await outcome()).toBe("ran");
  });

  test("an edit while a step reads fails it, also where the content is back, and the path is named", async () => {
    const run =
      "sleep 0.01; printf bbbb > data/a; printf aaaa > data/a; cat $FLOW_INPUT_D/a > $FLOW_OUTPUT_O/f";
    place.write("p.yaml", pipeline("inputs: { d: ./data }, ", run));
    const { code, stderr } = await place.flow(["run", "p.yaml"]);
    expect(code).toBe(1);
    expect(stderr).toMatch(/data\/a changed while the step read it/);
  });
});

describe("records", () => {
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
});
