import { execFileSync, spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { repository } from "../cli/flow.ts";

// What is packed is what people install: a pipeline in an empty folder, without the checkout.

const registry = spawnSync(
  "npm",
  ["view", "ignore", "version", "--fetch-retries=0", "--fetch-timeout=10000"],
  {
    encoding: "utf8",
  },
);
const isReachable = registry.status === 0;
const skipped = `skipped: the package registry cannot be reached (${registry.stderr.split("\n")[0]})`;
// biome-ignore lint/suspicious/noConsole: a skip says why
if (!isReachable) console.log(skipped);

const pipeline = `
name: packed
steps:
  draw:
    uses: generate
    with: { size: 16, splits: { training: 2, validation: 2, evaluation: 2 } }
  count:
    uses: command
    inputs: { images: draw.images }
    with: { run: "find \${inputs.images} -type f | wc -l > \${outputs.count}/n", outputs: [count] }
`;

describe.skipIf(!isReachable)("the package", () => {
  let folder: string;
  let tarball: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), "flow-package-"));
    // As `npm run pack` does, but for the build, which the tests have made.
    execFileSync("npm", ["pack", "--pack-destination", folder], { cwd: repository, stdio: "pipe" });
    tarball = join(folder, readdirSync(folder).find((name) => name.endsWith(".tgz")) ?? "");
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  /** Runs the pipeline in a new folder with some program that is flow. */
  function count(name: string, program: string, args: readonly string[]): string {
    const place = join(folder, name);
    mkdirSync(place);
    writeFileSync(join(place, "p.yaml"), pipeline);
    execFileSync(program, [...args, "run", "p.yaml"], { cwd: place, stdio: "pipe" });
    return readFileSync(join(place, "runs/latest/count/count/n"), "utf8").trim();
  }

  test("installed globally, runs a pipeline in an empty folder", () => {
    const prefix = join(folder, "prefix");
    const args = [
      "install",
      "--global",
      "--ignore-scripts",
      "--no-audit",
      "--no-fund",
      "--prefix",
      prefix,
      tarball,
    ];
    execFileSync("npm", args, { stdio: "pipe" });
    expect(count("global", join(prefix, "bin/flow"), [])).toBe("6");
  });

  test("started by npx, does the same", () => {
    expect(count("npx", "npx", ["--yes", "--package", tarball, "flow"])).toBe("6");
  });
});
