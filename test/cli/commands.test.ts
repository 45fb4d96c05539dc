import { existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { newWorkplace, repository, until, type Workplace } from "./flow.ts";

const words = `
name: words
params: { word: hello }
steps:
  say:
    uses: command
    with:
      run: [sh, -c, 'echo "$1" > "$2/word"', sh, "\${params.word}", "\${outputs.text}"]
      outputs: [text]
  count:
    uses: command
    inputs: { text: say.text }
    with:
      run: wc -c < \${inputs.text}/word > \${outputs.count}/count
      outputs: [count]
`;

let place: Workplace;
beforeEach(() => {
  place = newWorkplace();
  place.write("words.yaml", words);
});
afterEach(() => place.remove());

describe("flow run", () => {
  test("runs, then finds everything cached, and links every output", async () => {
    const first = await place.flow(["run", "words.yaml"]);
    expect(first).toMatchObject({ code: 0, stderr: "" });
    expect(first.stdout).toMatch(/say +ran .*exitCode 0\n(.*\n)*count +ran/);
    expect(readFileSync(join(place.root, "runs/latest/count/count/count"), "utf8").trim()).toBe("6");
    expect(readFileSync(join(place.root, "runs/latest/pipeline.yaml"), "utf8")).toBe(words);
    const second = await place.flow(["run", "words.yaml"]);
    expect(second.stdout).toMatch(/say +cached .*exitCode 0\ncount +cached/);
    const record = place.record();
    expect(record).toMatchObject({
      pipeline: "words",
      outcome: "ok",
      params: { word: "hello" },
      environment: { node: process.version },
      steps: { count: { outcome: "cached", attempts: 0, metrics: { exitCode: 0 } } },
    });
    expect(record.steps.say?.from).toMatch(/^\d{4}-\d\d-\d\dT\d\d-\d\d-\d\d-words-[0-9a-f]{4}$/);
  });

  test("prints one JSON object a line with --json", async () => {
    const { stdout, code } = await place.flow(["run", "words.yaml", "--json"]);
    expect(code).toBe(0);
    const events = stdout
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line) as { kind: string; step?: string });
    expect(events.map(({ kind, step }) => (step ? `${kind} ${step}` : kind))).toEqual([
      "run-started",
      "step-started say",
      "step-finished say",
      "step-started count",
      "step-finished count",
      "run-finished",
    ]);
    const kept = readFileSync(join(place.root, "runs/latest/events.ndjson"), "utf8");
    expect(kept).toBe(stdout);
  });

  test("shows a failing program's last lines, ends with 1, and keeps a log", async () => {
    place.write("words.yaml", words.replace("wc -c <", "echo about to fail; exit 3;"));
    const { code, stderr, stdout } = await place.flow(["run", "words.yaml"]);
    expect(code).toBe(1);
    expect(stderr).toMatch(/count failed: \/bin\/sh ended with exit code 3\n {2}about to fail/);
    expect(stdout).toMatch(/say +ran/);
    expect(readFileSync(join(place.root, "runs/latest/logs/count.log"), "utf8")).toBe("about to fail\n");
  });

  test("takes an output that stays empty, a program that is not there, and a link for failures", async () => {
    const failure = async (run: string): Promise<string> => {
      place.write(
        "one.yaml",
        `name: one\nsteps:\n  one:\n    uses: command\n    with: { run: ${run}, outputs: [out] }\n`,
      );
      const { code, stderr } = await place.flow(["run", "one.yaml"]);
      expect(code).toBe(1);
      return stderr;
    };
    expect(await failure('["true"]')).toMatch(/the step wrote nothing to its output out/);
    expect(await failure("[no-such-program]")).toMatch(/no-such-program is not there, or not in PATH/);
    expect(await failure(`"ln -s /etc/hostname \${outputs.out}/link"`)).toMatch(
      /holds a symbolic link, link/,
    );
    expect(existsSync(join(place.root, ".flow/artifacts"))).toBe(false);
  });

  test("gives a program no more of the environment than the pipeline names", async () => {
    place.write(
      "env.yaml",
      "name: env\nsteps:\n  env:\n    uses: command\n    inputs: { the-file: ./words.yaml }\n    with:\n" +
        '      run: env > "${outputs.out}/env"\n      outputs: [out]\n      env: { MODE: fast, PASSED: null, ABSENT: null }\n',
    );
    const first = await place.flow(["run", "env.yaml"], { SECRET: "x", PASSED: "on" });
    expect(first).toMatchObject({ code: 0, stderr: "" });
    const names = readFileSync(join(place.root, "runs/latest/env/out/env"), "utf8").match(/^\w+(?==)/gm);
    expect(names).toEqual(
      expect.arrayContaining(["PATH", "HOME", "MODE", "PASSED", "FLOW_INPUT_THE_FILE", "FLOW_OUTPUT_OUT"]),
    );
    expect(names).not.toContain("SECRET");
    expect(names).not.toContain("ABSENT");
    // A passed variable's value is no part of the key.
    await place.flow(["run", "env.yaml"], { PASSED: "off" });
    expect(place.record().steps.env?.outcome).toBe("cached");
  });

  test("kills a program and its children on Ctrl-C", async () => {
    place.write(
      "wait.yaml",
      'name: wait\nsteps:\n  wait:\n    uses: command\n    with: { run: "touch started; sleep 1000 & echo $! > child; wait", outputs: [out] }\n',
    );
    const running = place.start(["run", "wait.yaml"]);
    await until(
      () => existsSync(join(place.root, "child")) && readFileSync(join(place.root, "child"), "utf8") !== "",
      "the program",
    );
    const pid = Number(readFileSync(join(place.root, "child"), "utf8"));
    running.child.kill("SIGINT");
    expect((await running.finished).code).toBe(130);
    await until(() => !isAlive(pid), "the child to end");
  });

  test("takes -S, --until, -f, -R, -j, -n and -C", async () => {
    await place.flow(["run", "words.yaml", "-S", "word=hi", "--until", "say", "-j", "1"]);
    expect(place.record().steps).toMatchObject({ say: { outcome: "ran" } });
    expect(Object.keys(place.record().steps)).toEqual(["say"]);
    const dry = await place.flow(["run", "words.yaml", "-n"]);
    expect(dry.stdout).toMatch(/say +run +run: |say +run +run/);
    await place.flow(["run", "words.yaml"]);
    await place.flow(["run", "words.yaml", "-f"]);
    expect(Object.values(place.record().steps).map(({ outcome }) => outcome)).toEqual(["ran", "ran"]);
    await place.flow(["run", "words.yaml", "-R", "count"]);
    expect(Object.values(place.record().steps).map(({ outcome }) => outcome)).toEqual(["cached", "ran"]);
    mkdirSync(join(place.root, "elsewhere"));
    writeFileSync(join(place.root, "elsewhere/other.yaml"), words);
    expect((await place.flow(["run", "other.yaml", "-C", "elsewhere"])).code).toBe(0);
    expect(existsSync(join(place.root, "elsewhere/runs/latest/run.json"))).toBe(true);
  });
});

describe("flow plan", () => {
  test("says what would run and why; --check ends with 3 until nothing would", async () => {
    const before = await place.flow(["plan", "words.yaml", "--check"]);
    expect(before.code).toBe(3);
    expect(before.stdout).toMatch(/^words: 2 steps, 2 to run\n\n {2}say +run +has not run yet\n/);
    await place.flow(["run", "words.yaml"]);
    expect(await place.flow(["plan", "words.yaml", "--check"])).toMatchObject({ code: 0 });
    place.write("words.yaml", words.replace("word: hello", "word: other"));
    const after = await place.flow(["plan", "words.yaml"]);
    expect(after).toMatchObject({ code: 0 });
    expect(after.stdout).toMatch(/say +run +run\.4: "hello" → "other"/);
    const json = JSON.parse((await place.flow(["plan", "words.yaml", "--json"])).stdout);
    expect(json).toMatchObject({
      pipeline: "words",
      steps: [
        { id: "say", state: "run" },
        { id: "count", state: "may-run" },
      ],
    });
  });
});

describe("what is missing", () => {
  test("blocks the food5k pipeline: plan and run say what, where to get it and where to put it", async () => {
    place.write("food5k.yaml", readFileSync(join(repository, "pipelines/food5k.yaml")));
    const plan = await place.flow(["plan", "food5k.yaml"]);
    expect(plan.code).toBe(2);
    expect(plan.stdout).toMatch(/splits +blocked +missing: \.\/Food-5K\n +unpack Food-5K\.zip here/);
    expect(plan.stdout).toMatch(
      /features +blocked +missing: ResNet-50's ImageNet weights \(Keras\)\n +`flow setup weights resnet50` brings it; or\n +get it from https:/,
    );
    expect(plan.stdout).toContain(
      `put it at ${join(place.root, "home/weights/resnet50_weights_tf_dim_ordering_tf_kernels_notop.h5")}`,
    );
    const run = await place.flow(["run", "food5k.yaml"]);
    expect(run.code).toBe(2);
    expect(run.stderr).toMatch(/Nothing was started/);
    expect(existsSync(join(place.root, "runs"))).toBe(false);
    // A file of the right name and another content is not taken for the weights.
    mkdirSync(join(place.root, "home/weights"), { recursive: true });
    place.write("home/weights/resnet50_weights_tf_dim_ordering_tf_kernels_notop.h5", "not the weights");
    expect((await place.flow(["plan", "food5k.yaml"])).stdout).toMatch(/has 15 bytes, not 94765736/);
  });
});

describe("mistakes", () => {
  test("in the pipeline end every command with 2 and start nothing", async () => {
    place.write("bad.yaml", words.replace("uses: command", "uses: comand").replace("say.text", "say.txt"));
    for (const command of ["validate", "plan", "run", "status", "graph"]) {
      const { code, stderr } = await place.flow([command, "bad.yaml"]);
      expect(code, command).toBe(2);
      expect(stderr).toMatch(
        /bad\.yaml:6:11 error unknown-step-type.*\n.*\n.*\n {3}= did you mean "command"\?/,
      );
    }
    expect(existsSync(join(place.root, "runs"))).toBe(false);
    const json = await place.flow(["validate", "bad.yaml", "--json"]);
    expect(JSON.parse(json.stdout).diagnostics[0]).toMatchObject({
      code: "unknown-step-type",
      place: { line: 6 },
    });
  });

  test("in what a step reads end with 2 and name the path", async () => {
    mkdirSync(join(place.root, "data"));
    symlinkSync("nowhere", join(place.root, "data/link"));
    place.write("words.yaml", words.replace("inputs: { text:", "inputs: { data: ./data, text:"));
    const { code, stderr } = await place.flow(["run", "words.yaml"]);
    expect(stderr).toMatch(/^flow: .*data\/link links to nothing\n$/);
    expect(code).toBe(2);
  });

  test("on the command line end with 2 and a way out", async () => {
    const cases: [readonly string[], RegExp][] = [
      [["run"], /missing required argument 'pipeline'/],
      [["ron", "words.yaml"], /unknown command 'ron'[\s\S]*Did you mean run\?/],
      [["run", "words.yaml", "--untl", "say"], /unknown option '--untl'[\s\S]*Did you mean --until\?/],
      [["run", "none.yaml"], /there is no file none\.yaml/],
      [["run", "."], /\. is a folder/],
      [
        ["run", "words.yaml", "--until", "sya"],
        /--until sya: the pipeline has no such step; it has say, count/,
      ],
      [["run", "words.yaml", "-j", "0"], /A whole number from 1 on/],
      [
        ["run", "words.yaml", "-S", "wrd=x"],
        /bad-option: the pipeline has no param "wrd"\n {3}= did you mean "word"\?/,
      ],
      [["plan", "words.yaml", "-C", "nowhere"], /nowhere is no folder/],
    ];
    for (const [args, message] of cases) {
      const { code, stderr } = await place.flow(args);
      expect(stderr, args.join(" ")).toMatch(message);
      expect(code, args.join(" ")).toBe(2);
    }
  });
});

describe("flow status and flow graph", () => {
  test("show the last run and what would run now", async () => {
    expect((await place.flow(["status", "words.yaml"])).stdout).toMatch(/It has not run here yet/);
    await place.flow(["run", "words.yaml"]);
    place.write("words.yaml", words.replace("hello", "bye"));
    const { stdout } = await place.flow(["status", "words.yaml"]);
    expect(stdout).toMatch(
      /Last run .*-words-.*: ok,[\s\S]*say +ran[\s\S]*words: 2 steps, 1 to run, 1 that may run/,
    );
  });

  test("draw the graph for Mermaid and for Graphviz", async () => {
    expect((await place.flow(["graph", "words.yaml"])).stdout).toBe(
      'flowchart LR\n  step-say["say: command"]\n  step-count["count: command"]\n  step-say -->|text| step-count\n',
    );
    expect((await place.flow(["graph", "words.yaml", "--format", "dot"])).stdout).toContain(
      '"step-say" -> "step-count" [label="text"];',
    );
  });
});

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
