import { expect, test } from "vitest";
import { continuation } from "../../cli/command-line.ts";

test.each([
  ["run p.yaml -f", "run p.yaml"],
  ["run --force p.yaml -k", "run p.yaml -k"],
  ["run p.yaml -R a --rerun b --rerun=c -Rd", "run p.yaml"],
  ["run -kfj 4 p.yaml", "run -kj 4 p.yaml"],
  ["run -fj4 p.yaml", "run -j4 p.yaml"],
  ["run -kR a p.yaml", "run -k p.yaml"],
  ["run p.yaml -fR a", "run p.yaml"],
  ["-C -f run p.yaml --until -f -S -f", "-C -f run p.yaml --until -f -S -f"],
  ["run -f -- -f", "run -- -f"],
])("to go on after `flow %s`, `flow %s`", (typed, again) => {
  expect(continuation({ arguments: typed.split(" "), env: {} })).toBe(`flow ${again}`);
});

test("a word is quoted where a shell needs it, and steers no terminal", () => {
  const words = ["run", "my pipe.yaml", "-S", "name=it's", "-S", "x=\u001b[2J"];
  expect(continuation({ arguments: words, env: { FLOW_COMMAND: "./flow" } })).toBe(
    "./flow run 'my pipe.yaml' -S 'name=it'\\''s' -S 'x=␛[2J'",
  );
});
