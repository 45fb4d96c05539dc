import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { expect, test } from "vitest";
import { idsOf, newProject } from "./project.ts";
import { mix, mixed } from "./toy-steps.ts";

/** A pipeline as the model sees it: steps take from earlier steps and from files. */
interface ModelStep {
  readonly id: string;
  readonly salt: string;
  readonly results: number;
  readonly speed: number;
  /** Positions of earlier steps. */
  readonly from: readonly number[];
  /** Numbers of source files. */
  readonly files: readonly number[];
}

interface ModelState {
  readonly steps: readonly ModelStep[];
  /** Contents of the source files. */
  readonly files: readonly string[];
  /** The order in which the steps are written down. */
  readonly order: readonly number[];
}

const fileCount = 3;
const salt = fc.constantFrom("a", "b", "c");

const step = fc.record({
  salt,
  results: fc.constantFrom(2, 1_000_000),
  from: fc.array(fc.nat(9), { maxLength: 3 }),
  files: fc.array(fc.nat(fileCount - 1), { maxLength: 2 }),
});

const edit = fc.oneof(
  fc.record({ kind: fc.constant("salt" as const), at: fc.nat(9), salt }),
  fc.record({ kind: fc.constant("rename" as const), at: fc.nat(9) }),
  fc.record({ kind: fc.constant("speed" as const), at: fc.nat(9), speed: fc.nat(5) }),
  fc.record({
    kind: fc.constant("file" as const),
    at: fc.nat(fileCount - 1),
    content: fc.constantFrom("x", "y", "z"),
  }),
  fc.record({
    kind: fc.constant("rewire" as const),
    at: fc.nat(9),
    from: fc.array(fc.nat(9), { maxLength: 3 }),
  }),
  fc.record({ kind: fc.constant("reverse" as const) }),
  fc.record({ kind: fc.constant("nothing" as const) }),
);

test("what runs is what a model that computes everything anew says must", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(step, { minLength: 1, maxLength: 7 }),
      fc.array(edit, { maxLength: 6 }),
      async (drafts, edits) => {
        const folder = mkdtempSync(join(tmpdir(), "flow-dag-"));
        const project = newProject([mix], folder);
        mkdirSync(join(folder, "files"));
        // Every (parameters, contents of inputs) that was ever executed.
        const seen = new Set<string>();
        try {
          let state = initial(drafts);
          for (const change of [{ kind: "nothing" } as const, ...edits]) {
            state = apply(state, change);
            for (const [at, content] of state.files.entries())
              writeFileSync(join(folder, "files", `f${at}`), content);
            const { values, identities } = computeAll(state);
            const expected = new Set(identities.filter((identity) => !seen.has(identity)));
            const record = await project.run(yaml(state));

            // Of steps that are the same, one is executed.
            const ran = idsOf(record, "ran").map((id) => state.steps.findIndex((step) => step.id === id));
            expect(ran.map((at) => identities[at]).sort()).toEqual([...expected].sort());
            for (const [at, { id }] of state.steps.entries()) {
              expect(project.read(record, id, "out", "value")).toBe(values[at]);
            }
            for (const identity of identities) seen.add(identity);
          }
        } finally {
          rmSync(folder, { recursive: true });
        }
      },
    ),
    { numRuns: 60 },
  );
});

function initial(drafts: readonly Omit<ModelStep, "id" | "speed">[]): ModelState {
  const steps = drafts.map((draft, at) => ({
    ...draft,
    id: `s${at}`,
    speed: 1,
    from: earlier(draft.from, at),
  }));
  return { steps, files: Array.from({ length: fileCount }, () => "x"), order: steps.map((_, at) => at) };
}

function earlier(from: readonly number[], at: number): readonly number[] {
  return at === 0 ? [] : [...new Set(from.map((position) => position % at))];
}

function apply(
  state: ModelState,
  change: typeof edit extends fc.Arbitrary<infer Edit> ? Edit : never,
): ModelState {
  const at = "at" in change ? change.at % state.steps.length : 0;
  const replace = (changes: Partial<ModelStep>): ModelState => ({
    ...state,
    steps: state.steps.map((old, position) => (position === at ? { ...old, ...changes } : old)),
  });
  switch (change.kind) {
    case "salt":
      return replace({ salt: change.salt });
    case "rename":
      return replace({ id: `${state.steps[at]?.id}x` });
    case "speed":
      return replace({ speed: change.speed });
    case "rewire":
      return replace({ from: earlier(change.from, at) });
    case "file":
      return {
        ...state,
        files: state.files.map((old, position) => (position === change.at ? change.content : old)),
      };
    case "reverse":
      return { ...state, order: [...state.order].reverse() };
    case "nothing":
      return state;
    default:
      return change satisfies never;
  }
}

/** Everything from nothing: each step's value, and what identifies its execution. */
function computeAll({ steps, files }: ModelState): { values: string[]; identities: string[] } {
  const values: string[] = [];
  const identities: string[] = [];
  for (const { salt, results, from, files: read } of steps) {
    const inputs: Record<string, string> = {};
    for (const position of from) inputs[`i${position}`] = values[position] as string;
    for (const file of read) inputs[`f${file}`] = files[file] as string;
    const kinds = Object.keys(inputs)
      .sort()
      .map((name) => [name[0], name, inputs[name]]);
    values.push(mixed({ salt, results }, inputs));
    identities.push(JSON.stringify([salt, results, kinds]));
  }
  return { values, identities };
}

function yaml({ steps, order }: ModelState): string {
  const document: Record<string, unknown> = {};
  for (const at of order) {
    const { id, salt, results, speed, from, files } = steps[at] as ModelStep;
    const inputs = [
      ...from.map((position) => [`i${position}`, `${steps[position]?.id}.out`]),
      ...files.map((file) => [`f${file}`, `./files/f${file}`]),
    ];
    document[id] = { uses: "mix", with: { salt, results, speed }, inputs: Object.fromEntries(inputs) };
  }
  return JSON.stringify({ name: "random", steps: document });
}
