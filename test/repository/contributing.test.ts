import { spawnSync } from "node:child_process";
import {
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { repository } from "../cli/flow.ts";

// CONTRIBUTING.md shows a step type. It is compiled where it says that it stands, beside the real engine.
const [, example = ""] =
  /```ts\n([\s\S]*?)```/.exec(readFileSync(join(repository, "CONTRIBUTING.md"), "utf8")) ?? [];

let folder: string;
beforeEach(() => {
  folder = realpathSync(mkdtempSync(join(tmpdir(), "flow-contributing-")));
  for (const name of ["engine", "node_modules", "package.json", "tsconfig.json"]) {
    symlinkSync(join(repository, name), join(folder, name));
  }
});
afterEach(() => rmSync(folder, { recursive: true }));

/** What the compiler says of the example; empty where it has nothing to say. */
function compile(text: string): string {
  const place = join(folder, /^\/\/ (\S+)\n/.exec(text)?.[1] ?? "example.ts");
  mkdirSync(dirname(place), { recursive: true });
  writeFileSync(place, text);
  const tsconfig = join(folder, "example.json");
  writeFileSync(
    tsconfig,
    JSON.stringify({
      extends: join(repository, "tsconfig.json"),
      compilerOptions: {
        noEmit: true,
        preserveSymlinks: true,
        rootDir: folder,
        typeRoots: [join(repository, "node_modules/@types")],
      },
      include: [place],
    }),
  );
  const tsc = join(repository, "node_modules/typescript/bin/tsc");
  return spawnSync(process.execPath, [tsc, "-p", tsconfig], { encoding: "utf8", cwd: folder }).stdout;
}

test("the step type in CONTRIBUTING.md compiles", () => {
  expect(example).toContain("defineStep");
  expect(compile(example)).toBe("");
});

test.each([
  ["ctx.params.smallest", "ctx.params.smalest", "smalest"],
  ["ctx.inputs.folder", "ctx.inputs.foldre", "foldre"],
  ['ctx.output("count")', 'ctx.output("cuont")', "cuont"],
])("%s misspelt does not compile", (right, wrong, word) => {
  expect(example).toContain(right);
  expect(compile(example.replace(right, wrong))).toMatch(new RegExp(`error TS\\d+: .*${word}`));
});
