import { chmodSync, mkdirSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { Finding } from "../../engine/machine.ts";
import { requiredRuntime, runtimePackages } from "../../steps/compute/runtimes/catalog.ts";
import { commandPipeline, newWorkplace, type Workplace } from "./flow.ts";

let place: Workplace;
beforeEach(() => {
  place = newWorkplace();
});
afterEach(() => place.remove());

interface Report {
  readonly code: number | null;
  readonly ok: boolean;
  readonly findings: readonly Finding[];
  /** The first whose name begins so. */
  find(name: string): Finding | undefined;
}

async function doctor(at = place, env: Readonly<Record<string, string>> = {}): Promise<Report> {
  const { code, stdout, stderr } = await at.flow(["doctor", "--json"], env);
  expect(stderr).toBe("");
  const { ok, findings } = JSON.parse(stdout) as Pick<Report, "ok" | "findings">;
  return { code, ok, findings, find: (name) => findings.find((one) => one.name.startsWith(name)) };
}

describe("flow doctor", () => {
  test("finds all that a plain run needs, measures it, and leaves nothing behind", async () => {
    const before = readdirSync(place.root);
    const { code, ok, find } = await doctor();
    expect({ code, ok }).toEqual({ code: 0, ok: true });
    expect(find("Node")).toMatchObject({ value: process.versions.node, isNeeded: true });
    expect(find("cores")?.value).toMatch(/^\d+$/);
    expect(find("memory")?.value).toMatch(/B\b/);
    expect(find("cache")?.value).toMatch(/\.flow, .* free$/);
    expect(find("onnxruntime")).toMatchObject({
      value: expect.stringMatching(/^[1-9]\d* small images\/s on cpu$/),
      isNeeded: true,
    });
    for (const { title } of runtimePackages()) {
      expect(find(title)).toMatchObject({ value: "not there", way: expect.stringContaining("flow setup") });
    }
    // onnxruntime writes into the user's cache directory itself.
    expect(readdirSync(place.root).filter((name) => name !== ".cache")).toEqual(before);
  });

  test("says the same in lines", async () => {
    const { code, stdout } = await place.flow(["doctor"]);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^Node {2,}\d/);
    expect(stdout).toMatch(/^onnxruntime [\d.]+ +\d+ small images\/s on cpu$/m);
  });

  test("has an end where a folder can be made by nobody, and says what to do", async () => {
    const { code, find } = await doctor(place, { FLOW_HOME: "/proc/none", FLOW_CACHE: "/proc/nothing" });
    expect(code).toBe(4);
    expect(find("cache")).toMatchObject({
      problem: expect.stringContaining("nothing can be written there"),
      way: "choose another place with --cache or FLOW_CACHE",
      isNeeded: true,
    });
    expect(find("FLOW_HOME")).toMatchObject({ way: "choose another place with FLOW_HOME", isNeeded: false });
  });

  test("tells a folder that is denied", async () => {
    const ordinary = newWorkplace({ as: "ordinary" });
    mkdirSync(join(ordinary.root, ".flow"));
    chmodSync(join(ordinary.root, ".flow"), 0o555);
    const { code, find } = await doctor(ordinary);
    ordinary.remove();
    expect(code).toBe(4);
    expect(find("cache")?.problem).toBe("nothing can be written there (permission is denied)");
  });

  test("counts results, and those that are not whole", async () => {
    place.write("p.yaml", commandPipeline());
    expect(await place.flow(["run", "p.yaml"])).toMatchObject({ code: 0 });
    expect((await doctor()).find("results kept")).toMatchObject({
      value: expect.stringMatching(/^1 result, /),
    });
    rmSync(join(place.root, ".flow/artifacts"), { recursive: true });
    const { code, find } = await doctor();
    expect(code).toBe(0);
    expect(find("results kept")?.problem).toBe("1 result of these is not whole any more");
  });

  const [brought] = runtimePackages();
  test.skipIf(brought === undefined)(
    "survives a runtime that does not open, and says how to bring it anew",
    async () => {
      const { name, title } = brought as NonNullable<typeof brought>;
      const lib = join(place.root, "home", requiredRuntime(name).path, "lib");
      mkdirSync(lib, { recursive: true });
      writeFileSync(join(lib, "libopenvino_c.so.1"), "no library");
      const { code, find } = await doctor();
      expect(code).toBe(0);
      expect(find(title)).toMatchObject({
        value: "does not work",
        problem: expect.stringMatching(/./),
        way: `\`flow setup ${name} --remove\`, then \`flow setup ${name}\``,
      });
    },
  );

  test("does without Python, and says what for one is needed", async () => {
    const { code, find } = await doctor(place, { PATH: place.root });
    expect(code).toBe(0);
    expect(find("Python with pip")).toMatchObject({
      value: "not there",
      way: expect.stringContaining("apt install"),
    });
  });
});
