import { spawnSync } from "node:child_process";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { piecesOf } from "../../engine/document/reference.ts";
import { expand, expandShell } from "../../steps/command/expand.ts";
import { readShellLine } from "../../steps/command/shell.ts";

const hostile = `/tmp/it's a "path" with $HOME \`and\` $(touch pwned); \\more\n*?[a] #`;
const paths = { inputs: { file: hostile }, outputs: {} };

/** What a shell prints that runs the line as a step would. */
function printed(shell: string, text: string, given = paths): string {
  const { line, variables } = expandShell(text, shell === "bash" ? "bash" : "sh", given);
  const { stdout, stderr, status } = spawnSync(shell, ["-e", "-c", line], {
    env: { PATH: process.env.PATH, ...variables },
    stdio: ["ignore", "pipe", "pipe"],
    encoding: "utf8",
  });
  expect({ stderr, status }, line).toEqual({ stderr: "", status: 0 });
  return stdout;
}

/** Ways to print a reference with `printf %s`, whatever stands around it. */
const contexts: readonly string[] = [
  "printf %s ${inputs.file}",
  'printf %s "${inputs.file}"',
  "# don't worry\nprintf %s ${inputs.file}",
  "printf %s \"$(printf %s ${inputs.file}; printf x)\" | sed '$ s/x$//'",
  'n=$(printf %s ${inputs.file})\nprintf %s "$n"',
  'n="$(printf %s ${inputs.file})"; printf %s "$n"',
  'printf %s "`printf %s ${inputs.file}`"',
  'n=${inputs.file}; printf %s "$n"',
  "cat <<EOF | head -c -1\n${inputs.file}\nEOF",
  "cat > /dev/null <<EOF\nit's\nEOF\nprintf %s ${inputs.file}",
  "cat > /dev/null <<'EOF'\nit's $x\nEOF\nprintf %s ${inputs.file}",
  "printf %s $${none:-${inputs.file}}",
  'printf %s "$${none:-${inputs.file}}"',
  "case ${inputs.file} in ${inputs.file}) printf %s ${inputs.file};; *) exit 1;; esac",
  'for f in ${inputs.file}; do printf %s "$f"; done',
  "if [ ${inputs.file} = ${inputs.file} ]; then printf %s ${inputs.file}; fi",
  'f() { printf %s "$1"; }; f ${inputs.file}',
  "(printf %s ${inputs.file})",
  "printf %s ${inputs.file} | { cat; }",
  'n=${inputs.file}.gz; printf %s "$${n%.gz}"',
  'n=${inputs.file}x${inputs.file}; printf %s "$${n#${inputs.file}x}"',
  'n=${inputs.file}x${inputs.file}; printf %s "$${n%x"${inputs.file}"}"',
  "echo $(case x in (x) echo y;; esac) > /dev/null; printf %s ${inputs.file}",
];

/** What only bash knows. */
const contextsOfBash: readonly string[] = [
  "for ((n = 0; n < 1; n++)); do printf %s ${inputs.file}; done",
  "if ((1 < 2)) && [[ ${inputs.file} == ${inputs.file} ]]; then printf %s ${inputs.file}; fi",
  'n=(a ${inputs.file}) # it\'s\nprintf %s "$${n[1]}"',
  "cat <(printf %s ${inputs.file})",
  ": $'it\\'s'; printf %s ${inputs.file}",
];

describe.each(["/bin/sh", "bash"])("in a line for %s", (shell) => {
  const known = shell === "bash" ? [...contexts, ...contextsOfBash] : contexts;

  test.each(known)("a path is one word: %s", (text) => {
    // Command substitution takes line ends off the end, which no path here has.
    expect(printed(shell, text)).toBe(hostile);
  });

  test("a path of any characters arrives as it is, wherever it stands", () => {
    const character = fc.constantFrom(..." '\"\\$`;&|<>(){}[]*?!#~=%\t\n-aé€");
    const path = fc.array(character, { minLength: 1, maxLength: 12 }).map((parts) => `/${parts.join("")}x`);
    fc.assert(
      fc.property(path, fc.constantFrom(...known), (file, text) => {
        expect(printed(shell, text, { inputs: { file }, outputs: {} })).toBe(file);
      }),
      { numRuns: 60 },
    );
  });
});

test.each([
  ["printf %s '${inputs.file}'", "single quotes"],
  ["awk '{ print FILENAME }' '${inputs.file}' \"it's\"", "single quotes"],
  ["cat <<'EOF'\n${inputs.file}\nEOF", "a here-document whose delimiter is quoted"],
  ["cat <<\\EOF\n${inputs.file}\nEOF", "a here-document whose delimiter is quoted"],
  ["printf %s $'${inputs.file}'", "$'…' quotes"],
  ["if true; printf %s ${inputs.file}", "a line that cannot be read"],
  ["printf %s \\${inputs.file}", "behind a backslash"],
  ['echo " # "; printf %s "\\${inputs.file}"', "behind a backslash"],
  ["printf %s $${n:=${inputs.file}}", "outside double quotes"],
  ["cat <<EOF\n$${n#${inputs.file}}\nEOF", "a pattern in a here-document"],
  ['printf %s "$${n/${inputs.file}/x}"', "which shells read differently"],
  ["printf %s $'it\\'s' ${inputs.file}", "which only bash knows"],
  ["((${inputs.file}))", "which only bash knows"],
])("what cannot be put in is refused: %s", (text, construct) => {
  const read = readShellLine(piecesOf(text), "sh");
  const refusals = read.kind === "refused" ? read.refusals : [];
  expect(refusals.map((refusal) => refusal.construct)).toEqual([expect.stringContaining(construct)]);
});

test("in arithmetic a value stands as a number does", () => {
  const given = { inputs: { file: "3" }, outputs: {} };
  expect(printed("/bin/sh", "printf %s $(( ${inputs.file} * 2 ))", given)).toBe("6");
  expect(printed("bash", "((${inputs.file} > 2)) && printf %s $((${inputs.file}))", given)).toBe("3");
  expect(printed("bash", "for ((n = 0; n < ${inputs.file}; n++)); do printf $n; done", given)).toBe("012");
});

test("in an argument a path stands as it is, and $${ is a literal", () => {
  expect(expand("--file=${inputs.file} $${HOME}", paths)).toBe(`--file=${hostile} \${HOME}`);
});
