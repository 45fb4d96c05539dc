import { execFileSync, spawnSync } from "node:child_process";
import { chmodSync, mkdirSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { ownIdentity, toWord } from "../../engine/process-identity.ts";
import { newWorkplace, commandPipeline as pipeline, type Workplace } from "./flow.ts";

let place: Workplace;
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
