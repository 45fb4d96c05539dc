import { describe, expect, test } from "vitest";
import { loadPipeline } from "../../engine/document/load.ts";
import { renderDiagnostics } from "../../engine/document/render.ts";
import { stepTypes } from "../../steps/registry.ts";
import { load } from "./load.ts";

describe("text means what it says", () => {
  const command = (params: string, step: string): string =>
    `name: demo\nparams: ${params}\nsteps:\n  s:\n    uses: command\n    with: ${step}\n`;
  const paramsOf = (text: string, overrides: readonly string[] = []) => {
    const { pipeline, diagnostics } = load(text, overrides);
    expect(renderDiagnostics(diagnostics)).toBe("\n\n");
    return pipeline?.steps[0]?.params;
  };
  const list = '{ run: [x, "${params.a}", "v${params.a}"], env: { A: "${params.a}" }, outputs: [o] }';

  test.each(["1.10", "007", "12345678901234567890", "0x1F", "1e-3", "-0", "1_0"])(
    "a number keeps its spelling where it becomes text: %s",
    (number) => {
      const expected = { run: ["x", number, `v${number}`], env: { A: number } };
      expect(paramsOf(command(`{ a: ${number} }`, list))).toMatchObject(expected);
      expect(paramsOf(command("{ a: 1 }", list), [`a=${number}`])).toMatchObject(expected);
    },
  );

  test("a whole number that would be rounded is refused where a number is wanted", () => {
    const text = "name: demo\nsteps:\n  s:\n    uses: generate\n    with: { seed: 12345678901234567890 }\n";
    expect(renderDiagnostics(load(text).diagnostics)).toMatch(
      /5:19 error wrong-value: 12345678901234567890 is larger/,
    );
  });

  test("a shell line that is only a number is a mistake", () => {
    const { diagnostics } = load(command("{ a: 30 }", '{ run: "${params.a}", outputs: [o] }'));
    expect(diagnostics.map(({ code }) => code)).toEqual(["wrong-type"]);
  });

  test("params are made of params, in any order; those that wait for each other are named once", () => {
    const chain = command(
      '{ c: "${params.b}!", a: 1, b: "v${params.a}" }',
      '{ run: ["${params.c}"], outputs: [o] }',
    );
    expect(paramsOf(chain)).toMatchObject({ run: ["v1!"] });
    const circle = command(
      '{ a: "${params.b}", b: "${params.a}" }',
      '{ run: ["${params.a}"], outputs: [o] }',
    );
    expect(renderDiagnostics(load(circle).diagnostics)).toMatch(
      /cycle: params wait for each other: a → b → a[\s\S]*\n1 mistake\n/,
    );
    const long = Array.from({ length: 3_000 }, (_, at) => `p${at}: "\${params.p${at + 1}}"`).join(", ");
    expect(
      paramsOf(command(`{ ${long}, p3000: end }`, '{ run: ["${params.p0}"], outputs: [o] }')),
    ).toMatchObject({
      run: ["end"],
    });
  });

  test("values stay apart from a shell line, and belong to it", () => {
    const line = command(
      '{ a: "it\'s" }',
      '{ run: "echo ${params.a} $FLOW_PARAM_A > ${outputs.o}/f", outputs: [o] }',
    );
    expect(paramsOf(line)).toMatchObject({
      run: 'echo ${params.a="it\'s"} $FLOW_PARAM_A > ${outputs.o}/f',
      env: { FLOW_PARAM_A: "it's" },
    });
  });

  test("names that would share a variable are a mistake", () => {
    const { diagnostics } = load(command("{}", "{ run: [x], outputs: [a-b, A_B] }"));
    expect(diagnostics.map(({ message }) => message)).toEqual([
      "a-b and A_B would share the variable FLOW_OUTPUT_A_B: rename one of them",
    ]);
  });

  test("so are params of which a text names the variable, and variables that flow sets itself", () => {
    const text = command(
      "{ a-b: 1, a_b: 2 }",
      '{ run: "echo $FLOW_PARAM_A_B > $FLOW_OUTPUT_O/f", env: { FLOW_OUTPUT_O: x }, outputs: [o] }',
    );
    expect(load(text).diagnostics.map(({ message }) => message)).toEqual([
      "FLOW_PARAM_A_B could be the param a_b and another",
      "FLOW_OUTPUT_O is set by flow itself",
    ]);
  });

  test("a variable that nothing sets is worth a word", () => {
    const { pipeline, diagnostics } = load(
      command("{}", '{ run: "echo > $FLOW_OUTPUT_TABEL/f", outputs: [table] }'),
    );
    expect(pipeline).toBeDefined();
    expect(diagnostics).toMatchObject([
      { code: "unset-variable", severity: "warning", hint: 'did you mean "FLOW_OUTPUT_TABLE"?' },
    ]);
  });

  test("what a list puts into the line of its own shell is worth a word, its arguments are not", () => {
    const inLine = '{ run: [/bin/bash, -ec, "echo $0 > ${outputs.o}/f", "${outputs.o}"], outputs: [o] }';
    const { pipeline, diagnostics } = load(command("{}", inLine));
    expect(pipeline).toBeDefined();
    expect(diagnostics).toMatchObject([
      {
        code: "part-of-line",
        severity: "warning",
        hint: 'let the shell read the variable, "$FLOW_OUTPUT_O"',
      },
    ]);
    const behind = '{ run: [sh, script, "${outputs.o}"], outputs: [o] }';
    expect(load(command("{}", behind)).diagnostics).toEqual([]);
  });

  test("a param that is named by its variable is text, whatever stands in it", () => {
    const text = command(
      '{ a: "$${inputs.x} $${" }',
      '{ run: [sh, -c, "echo $FLOW_PARAM_A"], outputs: [o] }',
    );
    expect(paramsOf(text)).toMatchObject({ env: { FLOW_PARAM_A: "$${inputs.x} $${" } });
  });

  test("a truth value in the environment is what was written", () => {
    const text = command("{ b: False }", '{ run: [x], env: { A: true, B: "${params.b}" }, outputs: [o] }');
    expect(paramsOf(text)).toMatchObject({ env: { A: "true", B: "False" } });
  });

  test("numbers that no double holds are text, or refused", () => {
    const params = "{ a: 1e400, b: [12345678901234567890] }";
    const text = command(params, '{ run: ["${params.a}"], outputs: [o] }');
    expect(load(text).pipeline?.params).toEqual({ a: "1e400", b: ["12345678901234567890"] });
    expect(paramsOf(text)).toMatchObject({ run: ["1e400"] });
    for (const number of ["1e400", "0x20000000000001"]) {
      const seed = `name: demo\nsteps:\n  s:\n    uses: generate\n    with: { seed: ${number} }\n`;
      expect(load(seed).diagnostics.map(({ message }) => message)).toEqual([
        `${number} is larger than a number can be without rounding`,
      ]);
    }
  });

  test("a parameter that does not exist hides no mistake in another", () => {
    const text =
      "name: demo\nsteps:\n  s: { uses: command, inputs: { x: ./x }, with: { run: \"cat '${inputs.x}'\", nope: 1, outputs: [o] } }\n";
    expect(load(text).diagnostics.map(({ code }) => code)).toEqual(["wrong-value", "unknown-property"]);
  });

  test("a mistake in the inputs hides none in the parameters", () => {
    const text =
      "name: demo\nsteps:\n  s: { uses: command, inputs: { q: [1] }, with: { run: 5, outputs: [o, o] } }\n";
    expect(load(text).diagnostics).toHaveLength(3);
  });

  test.each([
    ["~/set", "write it out: /home/me/set"],
    ["$HOME/set", "write it out: /home/me/set"],
    ["C:\\\\set\\\\a", "under WSL it is /mnt/c/set/a"],
  ])("a path that only a shell or Windows knows gets a way out: %s", (path, hint) => {
    const text = `name: demo\nsteps:\n  s: { uses: organize, inputs: { source: "${path}" } }\n`;
    const { diagnostics } = loadPipeline({
      file: "p.yaml",
      text,
      types: stepTypes,
      overrides: [],
      isFile: () => false,
      memory: 4e9,
      userHome: "/home/me",
      exists: () => false,
    });
    expect(diagnostics.map((diagnostic) => diagnostic.hint)).toContain(hint);
  });

  test("a file of the project that a program is given without being an input is worth a word", () => {
    const step = (inputs: string): string =>
      `name: demo\nsteps:\n  s: { uses: command, ${inputs}with: { run: [sh, tools/go.sh], outputs: [o] } }\n`;
    const warn = (text: string): readonly string[] => {
      const options = {
        file: "p.yaml",
        text,
        types: stepTypes,
        overrides: [],
        exists: () => true,
        userHome: undefined,
      };
      const { pipeline, diagnostics } = loadPipeline({
        ...options,
        isFile: (path) => path === "tools/go.sh",
        memory: 4e9,
      });
      expect(pipeline).toBeDefined();
      return diagnostics.map(({ severity, hint }) => `${severity}: ${hint}`);
    };
    expect(warn(step(""))).toEqual([
      "warning: add it to inputs, `go: ./tools/go.sh`, and write ${inputs.go}",
    ]);
    expect(warn(step("inputs: { tools: ./tools }, "))).toEqual([]);
    for (const run of ["[sh, --file=tools/go.sh]", "'sh \"tools/go.sh\"'", "x <tools/go.sh"]) {
      expect(warn(step("").replace("[sh, tools/go.sh]", run))).toHaveLength(1);
    }
  });

  test("a chain of steps may be as long as the file, whichever way it is written", () => {
    const steps = Array.from({ length: 5_000 }, (_, at) => {
      const input = at === 0 ? "" : `inputs: { i: s${at - 1}.o }, `;
      return `  s${at}: { uses: command, ${input}with: { run: [x], outputs: [o] } }`;
    });
    for (const lines of [steps, [...steps].reverse()]) {
      expect(load(`name: demo\nsteps:\n${lines.join("\n")}\n`).pipeline?.steps).toHaveLength(5_000);
    }
  });

  test("a line of many mistakes is not repeated with each of them", () => {
    const steps = Array.from({ length: 300 }, (_, at) => `s${at}: { uses: comand }`).join(", ");
    const text = `{ name: demo, steps: { ${steps} } }`;
    expect(renderDiagnostics(load(text).diagnostics).length).toBeLessThan(200_000);
  });
});
