import { describe, expect, test } from "vitest";
import { type Loaded, loadPipeline } from "../../engine/document/load.ts";
import { renderDiagnostics } from "../../engine/document/render.ts";
import { stepTypes } from "../../steps/registry.ts";

await stepTypes.get("command")?.prepare?.();

function load(text: string, overrides: readonly string[] = []): Loaded {
  return loadPipeline({
    file: "p.yaml",
    text,
    types: stepTypes,
    overrides,
    isFile: () => false,
    userHome: undefined,
    exists: () => true,
  });
}

const pipeline = `
name: demo
params: { size: 64, word: "a $\${b}", few: &few { training: 10 } }
steps:
  pictures:
    uses: generate
    with:
      size: \${params.size}
      splits: *few
  count:
    uses: command
    inputs: { pictures: pictures.images, script: ./count.py }
    with:
      run: ["\${inputs.script}", "size=\${params.size}", "\${params.word}", "$\${HOME}"]
      outputs: [table]
`;

describe("a good pipeline", () => {
  const loaded = load(pipeline);

  test("has its params in place, with their types, and defaults filled in", () => {
    expect(renderDiagnostics(loaded.diagnostics)).toBe("\n\n");
    const [pictures, count] = loaded.pipeline?.steps ?? [];
    expect(pictures?.params).toEqual({
      size: 64,
      seed: 1,
      splits: { training: 10, validation: 40, evaluation: 40 },
    });
    // What came from a param is text to the step: its ${ is escaped.
    expect(count?.params).toEqual({
      run: ["${inputs.script}", "size=64", "a $${b}", "$${HOME}"],
      outputs: ["table"],
      shell: "sh",
      env: {},
    });
  });

  test("knows where its inputs come from", () => {
    const [, count] = loaded.pipeline?.steps ?? [];
    expect(count?.inputs).toMatchObject({
      pictures: { kind: "output", step: "pictures", output: "images" },
      script: { kind: "path", path: "./count.py" },
    });
  });

  test("knows the line of every value: that of the param where it comes from one", () => {
    const [pictures] = loaded.pipeline?.steps ?? [];
    expect(pictures?.lines).toMatchObject({ size: 3, "splits.training": 3 });
  });
});

describe("-S", () => {
  test("sets params and parameters, read as YAML", () => {
    const loaded = load(pipeline, [
      "size=96",
      "steps.pictures.with.seed=7",
      "steps.pictures.with.splits={ training: 6 }",
    ]);
    expect(loaded.pipeline?.params.size).toBe(96);
    expect(loaded.pipeline?.steps[0]?.params).toEqual({
      size: 96,
      seed: 7,
      splits: { training: 6, validation: 40, evaluation: 40 },
    });
  });

  test.each([
    ["sise=3", '-S sise=3 error bad-option: the pipeline has no param "sise"\n   = did you mean "size"?'],
    ["size", "-S size error bad-option: a name, = and a value are needed"],
    ["steps.picture.with.seed=3", 'the pipeline has no step "picture"\n   = did you mean "pictures"?'],
    ["steps.pictures.seed=3", '"steps.pictures.seed" is neither a param nor a parameter of a step'],
    ["size=[", "error bad-option: the value is no YAML"],
    [
      "steps.pictures.with.sede=3",
      '-S steps.pictures.with.sede=3 error unknown-property: there is no "sede"',
    ],
    [
      "steps.pictures.with.seed=x",
      "-S steps.pictures.with.seed=x error wrong-type: seed must be a whole number",
    ],
  ])("%s is a mistake whose place is the option", (override, expected) => {
    const loaded = load(pipeline, [override]);
    expect(loaded.pipeline).toBeUndefined();
    expect(renderDiagnostics(loaded.diagnostics)).toContain(expected);
  });
});

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
      });
      expect(pipeline).toBeDefined();
      return diagnostics.map(({ severity, hint }) => `${severity}: ${hint}`);
    };
    expect(warn(step(""))).toEqual([
      "warning: add it to inputs, `go: ./tools/go.sh`, and write ${inputs.go}",
    ]);
    expect(warn(step("inputs: { tools: ./tools }, "))).toEqual([]);
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

describe("hostile text", () => {
  const refused = (text: string, message: RegExp): void => {
    const loaded = load(text);
    expect(loaded.pipeline).toBeUndefined();
    expect(loaded.diagnostics.map((diagnostic) => diagnostic.message).join("\n")).toMatch(message);
  };

  test("aliases that multiply are refused", () => {
    const levels = Array.from(
      { length: 9 },
      (_, at) => `  a${at + 1}: &a${at + 1} [${`*a${at},`.repeat(10)}]`,
    );
    refused(
      `name: demo\nparams:\n  a0: &a0 [x]\n${levels.join("\n")}\nsteps: {}\n`,
      /too large once its aliases are expanded/,
    );
  });

  test("a value that holds itself is refused", () => {
    refused("name: demo\nparams: &p { self: *p }\nsteps: {}\n", /holds itself/);
  });

  test("deep nesting is refused, in flow and in block style", () => {
    refused(`name: ${"[".repeat(100_000)}`, /brackets are open at once/);
    const block = Array.from({ length: 100 }, (_, at) => `${" ".repeat(at)}a:`).join("\n");
    expect(
      load(`name: demo\nsteps: {}\nparams:\n ${block.replaceAll("\n", "\n ")}`).pipeline,
    ).toBeUndefined();
    refused(`${"- ".repeat(100_000)}x\n`, /nested more than 64 deep/);
  });

  test("a very long file is refused", () => refused(`# ${"x".repeat(16 << 20)}`, /larger than 16 MB/));

  test("control characters do not reach the terminal", () => {
    const { diagnostics } = load(pipeline.replace("uses: generate", 'uses: "gen\u001b[31m\\e[2Jerate"'));
    const text = renderDiagnostics(diagnostics);
    expect(text).toContain("unknown-step-type");
    expect(text).not.toContain("\u001b");
  });

  test("names of JavaScript's own are names like any other", () => {
    const loaded = load(
      pipeline.replaceAll("pictures", "constructor").replace("      size:", "      toString:"),
    );
    expect(loaded.diagnostics.map(({ message }) => message)).toContain('there is no "toString"');
    const { diagnostics } = load(pipeline.replace("size: 64", "__proto__: 64"));
    expect(diagnostics.map(({ code }) => code)).toEqual(
      expect.arrayContaining(["bad-name", "unknown-param"]),
    );
  });
});
