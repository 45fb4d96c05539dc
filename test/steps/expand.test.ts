import { execFileSync } from "node:child_process";
import { expect, test } from "vitest";
import { expand, expandShell } from "../../steps/command/expand.ts";

const path = `/tmp/it's a "path" with $HOME \`and\` \\more`;
const paths = { inputs: { file: path }, outputs: {} };

test.each([
  "printf %s ${inputs.file}",
  'printf %s "${inputs.file}"',
  "printf %s '${inputs.file}'",
  'echo \'"\' >&2; printf %s a"b"\\"${inputs.file}',
])("in a shell line a path is one word, in any quotes: %s", (line) => {
  const printed = execFileSync("/bin/sh", ["-c", expandShell(line, paths)], {
    encoding: "utf8",
    stdio: "pipe",
  });
  expect(printed.endsWith(path)).toBe(true);
});

test("in an argument a path stands as it is, and $${ is a literal", () => {
  expect(expand("--file=${inputs.file} $${HOME}", paths)).toBe(`--file=${path} \${HOME}`);
});
