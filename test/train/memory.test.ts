import { expect, test } from "vitest";
import { load } from "../document/load.ts";

function warnings(choices: string, memory: number) {
  const text = `name: demo\nsteps:\n  s:\n    uses: train\n    inputs: { features: ./f }\n    with: ${choices}\n`;
  const { pipeline, diagnostics } = load(text, [], memory);
  expect(pipeline).toBeDefined();
  return diagnostics;
}

test.each([
  ["{}", 1.25e9, "`memory: 2GB` is more than this machine has, 1.3 GB", "set `memory: 930MB`"],
  ["{ memory: 64 GB }", 8e9, "`memory: 64 GB` is more than this machine has, 8.0 GB", "set `memory: 6GB`"],
  ["{ method: direct }", 1e9, "`memory: 2GB` is more than this machine has, 1.0 GB", "set `memory: 750MB`"],
])("a machine with less than memory is worth a word: %s", (choices, machine, message, hint) => {
  expect(warnings(choices, machine)).toMatchObject([
    { code: "small-machine", severity: "warning", message, hint },
  ]);
});

test.each([
  ["{}", 2e9],
  ["{ memory: 750MB }", 1e9],
])("where it is enough, nothing is said: %s", (choices, machine) => {
  expect(warnings(choices, machine)).toEqual([]);
});
