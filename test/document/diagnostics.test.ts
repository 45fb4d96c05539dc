import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { expect, test } from "vitest";
import { loadPipeline } from "../../engine/document/load.ts";
import { renderDiagnostics } from "../../engine/document/render.ts";
import { stepTypes } from "../../steps/registry.ts";

await stepTypes.get("command")?.prepare?.();

// Each <case>.yaml has a <case>.txt beside it: what flow says about it. UPDATE_GOLDEN=1 writes them anew.
const folder = new URL("../golden/diagnostics/", import.meta.url).pathname;
const cases = readdirSync(folder).filter((name) => name.endsWith(".yaml"));

test.each(cases)("%s", (name) => {
  const { pipeline, diagnostics } = loadPipeline({
    file: name,
    text: readFileSync(join(folder, name), "utf8"),
    types: stepTypes,
    overrides: [],
    isFile: () => false,
    memory: 4e9,
    userHome: "/home/me",
    exists: (path) => path === "./images" || path === "./model" || path === "./features",
  });
  const text = renderDiagnostics(diagnostics);
  const golden = join(folder, `${basename(name, ".yaml")}.txt`);
  if (process.env.UPDATE_GOLDEN) writeFileSync(golden, text);
  expect(text).toBe(readFileSync(golden, "utf8"));
  // Only a file that is not there leaves a pipeline that can be planned.
  expect(pipeline !== undefined).toBe(diagnostics.every(({ code }) => code === "missing-file"));
});
