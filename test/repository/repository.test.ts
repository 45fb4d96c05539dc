import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { loadPipeline } from "../../engine/document/load.ts";
import { editorSchema } from "../../engine/document/schema.ts";
import { stepTypes } from "../../steps/registry.ts";
import { repository } from "../cli/flow.ts";

test("the schema for editors is what the step types say (else: npm run schemas)", () => {
  const file = join(repository, "schemas/pipeline.schema.json");
  expect(readFileSync(file, "utf8")).toBe(`${JSON.stringify(editorSchema(stepTypes), null, 2)}\n`);
});

test("every shipped pipeline names the schema, and it takes them all", async () => {
  const { Ajv } = await import("ajv");
  const validate = new Ajv({ strict: false }).compile(editorSchema(stepTypes));
  const { parse } = await import("yaml");
  for (const type of stepTypes.values()) await type.prepare?.();
  const folder = join(repository, "pipelines");
  for (const name of readdirSync(folder)) {
    const text = readFileSync(join(folder, name), "utf8");
    expect(text).toMatch(/^# yaml-language-server: \$schema=\.\.\/schemas\/pipeline\.schema\.json\n/);
    const { diagnostics } = loadPipeline({
      file: name,
      text,
      types: stepTypes,
      overrides: [],
      isFile: () => false,
      memory: 4e9,
      userHome: undefined,
      exists: () => true,
    });
    expect(diagnostics).toEqual([]);
    validate(parse(text));
    expect(validate.errors).toBeNull();
    expect(validate(parse(text.replace("uses: train", "uses: trian")))).toBe(false);
    expect(validate(parse(text.replace("seed: 42", "sede: 42")))).toBe(false);
  }
});

test.each([
  ["engine/plan/stray.ts", "../../steps/registry.ts", "The engine imports neither steps"],
  ["engine/stray.ts", "../cli/main.ts", "The engine imports neither steps"],
  ["steps/train/stray.ts", "../../cli/main.ts", "Steps know nothing of commands"],
  ["steps/stray.ts", "../flow.ts", "Steps know nothing of commands"],
  ["cli/views/stray.ts", "../../steps/registry.ts", "they import no step"],
  ["steps/web/stray.ts", "../vision/extractor.ts", "knows nothing of what is in them"],
  ["steps/web/stray.ts", "../download/index.ts", "knows no step type"],
  ["steps/pages/stray.ts", "../serve/app.ts", "knows no step type"],
  ["steps/compute/stray.ts", "../vision/extractor.ts", "lies below vision/ and learning/"],
  ["steps/vision/stray.ts", "../learning/heads/head.ts", "knows nothing of heads and features"],
  ["steps/learning/heads/stray.ts", "../../vision/networks/open.ts", "only the files at the top of vision/"],
  ["steps/learning/stray.ts", "../train/index.ts", "knows no step type"],
])("the linter refuses %s an import of %s", (name, imported, message) => {
  const file = join(repository, name);
  writeFileSync(file, `import * as other from "${imported}";\n\nexport const stray = other;\n`);
  try {
    const biome = join(repository, "node_modules/.bin/biome");
    const lint = (): string =>
      execFileSync(biome, ["lint", file], { cwd: repository, encoding: "utf8", stdio: "pipe" });
    expect(lint).toThrow(message);
  } finally {
    rmSync(file);
  }
});

test("the linter refuses a circle of types", () => {
  const [one, other] = ["engine/plan/circle-one.ts", "engine/plan/circle-other.ts"] as const;
  writeFileSync(join(repository, one), circle("One", "Other", "./circle-other.ts"));
  writeFileSync(join(repository, other), circle("Other", "One", "./circle-one.ts"));
  try {
    const biome = join(repository, "node_modules/.bin/biome");
    const lint = (): string =>
      execFileSync(biome, ["lint", one, other], { cwd: repository, encoding: "utf8", stdio: "pipe" });
    expect(lint).toThrow("part of a cycle");
  } finally {
    for (const file of [one, other]) rmSync(join(repository, file));
  }
});

function circle(own: string, other: string, from: string): string {
  return `import type { ${other} } from "${from}";\n\nexport interface ${own} {\n  readonly other?: ${other};\n}\n`;
}
