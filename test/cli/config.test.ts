import { mkdirSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { loadConfig, merged } from "../../engine/config/load.ts";
import { editorConfigSchema } from "../../engine/config/schema.ts";
import { newWorkplace, repository, type Workplace } from "./flow.ts";

let place: Workplace;
beforeAll(() => {
  place = newWorkplace();
  place.write(
    "p.yaml",
    'name: p\nsteps:\n  a: { uses: command, with: { run: "echo a > ${outputs.out}/a", outputs: [out] } }\n',
  );
});
afterAll(() => place.remove());

test("the schema for editors is what flow checks (else: npm run schemas)", () => {
  const file = join(repository, "schemas/config.schema.json");
  expect(readFileSync(file, "utf8")).toBe(`${JSON.stringify(editorConfigSchema(), null, 2)}\n`);
});

test("every mistake is said at once, with its place, and nothing runs", async () => {
  place.write(
    "flow.config.yaml",
    "executor:\n  kind: slurn\n  cpus: none\nsteps:\n  a: { time: [] }\ncashe: x\n",
  );
  const { code, stdout, stderr } = await place.flow(["run", "p.yaml"]);
  expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
  expect(stderr).toMatch(/^flow\.config\.yaml:2:9 error wrong-value: /m);
  expect(stderr).toContain('did you mean "slurm"?');
  expect(stderr).toMatch(/^flow\.config\.yaml:3:9 error /m);
  expect(stderr).toMatch(/^flow\.config\.yaml:5:14 error /m);
  expect(stderr).toMatch(/^flow\.config\.yaml:6:1 error unknown-property: /m);
  expect(stderr).toContain("4 mistakes");
});

test("the person's settings come first, the project's win, the command line wins over both", async () => {
  mkdirSync(join(place.root, "own/flow"), { recursive: true });
  place.write("own/flow/config.yaml", "executor: { kind: slurm, partition: theirs }\n");
  place.write("flow.config.yaml", "executor: { kind: local }\n");
  const env = { XDG_CONFIG_HOME: join(place.root, "own") };
  expect((await place.flow(["run", "p.yaml"], env)).code).toBe(0);
  expect(place.record().steps.a?.executor).toBe("local");
  place.write("flow.config.yaml", "# nothing\n");
  const asked = await place.flow(["run", "p.yaml", "-f", "--executor", "local"], env);
  expect(asked.code).toBe(0);
  const { code, stderr } = await place.flow(["run", "p.yaml", "-f"], { ...env, PATH: "/nowhere" });
  expect(code).toBe(4);
  expect(stderr).toContain("sbatch");
});

test("a file that FLOW_CONFIG names must be there", async () => {
  const { code, stderr } = await place.flow(["run", "p.yaml"], { FLOW_CONFIG: "nowhere.yaml" });
  expect(code).toBe(2);
  expect(stderr).toContain("nowhere.yaml");
});

test("two configurations are one, member by member", () => {
  const of = (text: string) => loadConfig({ file: "c.yaml", text }).config;
  const first = of("executor: { kind: slurm, qos: low, cpus: 2 }\nsteps: { train: { gpus: 1, cpus: 4 } }\n");
  const second = of("executor: { qos: high }\nsteps: { train: { cpus: 8 }, head: { time: 5 } }\n");
  expect(merged(first, second)).toEqual({
    executor: { kind: "slurm", qos: "high", cpus: 2 },
    steps: { train: { gpus: 1, cpus: 8 }, head: { time: 5 } },
  });
});

test("the example of docs/cluster.md is one", () => {
  const page = readFileSync(join(repository, "docs/cluster.md"), "utf8");
  const [, text = ""] = /```yaml\n(.*?)```/s.exec(page) ?? [];
  const { config, diagnostics } = loadConfig({ file: "flow.config.yaml", text });
  expect(diagnostics).toEqual([]);
  expect(config).toMatchObject({
    executor: { kind: "slurm", time: "2:00:00", askEvery: 15 },
    steps: { extract: { gpus: 1 } },
  });
});

test("results are kept where the configuration says; the command line and FLOW_CACHE win", async () => {
  const keptIn = (folder: string): number => readdirSync(join(place.root, folder, "keys")).length;
  place.write("flow.config.yaml", "cache: ./configured\n");
  await place.flow(["run", "p.yaml"]);
  await place.flow(["run", "p.yaml", "--cache", "asked"]);
  await place.flow(["run", "p.yaml"], { FLOW_CACHE: "of the environment" });
  expect([keptIn("configured"), keptIn("asked"), keptIn("of the environment")]).toEqual([1, 1, 1]);
  expect((await place.flow(["status", "p.yaml"])).stdout).toContain("cached");
});
