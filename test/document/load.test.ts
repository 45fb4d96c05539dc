import { describe, expect, test } from "vitest";
import { renderDiagnostics } from "../../engine/document/render.ts";
import { load } from "./load.ts";

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

  test("params of params that multiply, or nest, are refused", () => {
    const params = (value: (before: string) => string): string => {
      const lines = Array.from(
        { length: 100 },
        (_, at) => `  p${at}: ${at === 0 ? "x" : value(`"\${params.p${at - 1}}"`)}`,
      );
      return `name: demo\nparams:\n${lines.join("\n")}\nsteps: {}\n`;
    };
    refused(
      params((before) => `[${Array(10).fill(before).join(", ")}]`),
      /too large once its references are filled in/,
    );
    refused(
      params((before) => `"${before.slice(1, -1).repeat(4)}"`),
      /too large once its references are filled in/,
    );
    refused(
      params((before) => `{ k: ${before} }`),
      /nested more than 64 deep/,
    );
  });

  test("an option that names something far down is refused", () => {
    const { diagnostics } = load(pipeline, [`steps.count.with.env${".a".repeat(20_000)}=1`]);
    expect(diagnostics.map(({ message }) => message)).toEqual(["the values are nested more than 64 deep"]);
  });

  test("a long circle is told by its ends", () => {
    const steps = Array.from(
      { length: 1_000 },
      (_, at) =>
        `  s${at}: { uses: command, inputs: { i: s${(at + 1) % 1_000}.o }, with: { run: [x], outputs: [o] } }`,
    );
    const { diagnostics } = load(`name: demo\nsteps:\n${steps.join("\n")}\n`);
    expect(diagnostics.map(({ message }) => message)).toEqual([
      expect.stringMatching(/^steps wait for each other: s0 → .* → … → .* → s0$/),
    ]);
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
