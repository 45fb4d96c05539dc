import { expect, test } from "vitest";
import { load } from "../document/load.ts";

function warnings(choices: string, memory: number) {
  const text = `name: demo\nsteps:\n  s:\n    uses: train\n    inputs: { features: ./f }\n    with: ${choices}\n`;
  const { pipeline, diagnostics } = load(text, [], memory);
  expect(pipeline).toBeDefined();
  return diagnostics;
}

test.each([
  ["{}", 1.25e9, "training may take 2GB of memory, and this machine has 1.2GB", "set `memory: 930MB`"],
  [
    "{ memory: 64 GB }",
    8e9,
    "training may take 64 GB of memory, and this machine has 8GB",
    "set `memory: 6GB`",
  ],
  [
    "{ method: sampleSpace }",
    1e9,
    "training may take 2GB of memory, and this machine has 1GB",
    "set `memory: 750MB`",
  ],
])("a machine with less than memory is worth a word: %s", (choices, machine, message, hint) => {
  expect(warnings(choices, machine)).toMatchObject([
    { code: "small-machine", severity: "warning", message, hint },
  ]);
});

test.each([
  ["{}", 2e9],
  ["{ memory: 750MB }", 1e9],
  ["{ method: direct }", 1e9],
  ["{ optimizer: { kind: adam } }", 1e9],
])("where it is enough or does not count, nothing is said: %s", (choices, machine) => {
  expect(warnings(choices, machine)).toEqual([]);
});
