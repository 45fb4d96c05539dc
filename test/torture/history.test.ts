import { mkdtempSync, realpathSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";
import { disturbed, flow } from "./disturb.ts";
import { build, type Photos, setPhotos, setWord } from "./project.ts";
import { type Content, contentOf, type Expected, expectedOf, mistakesIn } from "./state.ts";

// Whatever was edited, killed and run again before: a run that ends leaves what
// the same run leaves in a fresh cache.

type Action =
  | { readonly kind: "word"; readonly to: string }
  | { readonly kind: "photos"; readonly to: Photos }
  | {
      readonly kind: "kill";
      readonly of: "writes";
      readonly process: string;
      readonly at: number;
      readonly fault: "kill" | "cut";
    }
  | { readonly kind: "run"; readonly options: readonly string[] }
  | { readonly kind: "plan" };

const action: fc.Arbitrary<Action> = fc.oneof(
  fc.record({ kind: fc.constant("word"), to: fc.constantFrom("one", "two") }),
  fc.record({
    kind: fc.constant("photos"),
    to: fc.constantFrom<Photos>("few", "more", "swapped"),
  }),
  fc.record({
    kind: fc.constant("kill"),
    of: fc.constant("writes"),
    process: fc.constantFrom("engine.0", "worker.0"),
    at: fc.integer({ min: 1, max: 120 }),
    fault: fc.constantFrom("kill", "cut"),
  }),
  fc.record({
    kind: fc.constant("run"),
    options: fc.constantFrom<readonly string[]>([], [], ["--force"], ["-R", "features"], ["-R", "table"]),
  }),
  fc.record({ kind: fc.constant("plan") }),
) as fc.Arbitrary<Action>;

/** More than four histories where one asks for them. */
const numRuns = Number(process.env.FLOW_HISTORIES ?? 4);
/** On a busy machine it is fewer; each takes seconds. */
const longestMs = numRuns * 10_000;

let folder: string;
beforeAll(() => {
  folder = realpathSync(mkdtempSync(join(tmpdir(), "flow-history-")));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const fresh = new Map<string, Expected>();
let projects = 0;

/** What a run in a fresh cache comes to. */
async function freshly(photos: Photos, word: string): Promise<Expected> {
  const known = fresh.get(`${photos} ${word}`);
  if (known !== undefined) return known;
  const project = join(folder, `fresh-${photos}-${word}`);
  build(project);
  setPhotos(project, photos);
  setWord(project, word);
  const { code, stderr } = await flow(project);
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  const expected = expectedOf(project);
  fresh.set(`${photos} ${word}`, expected);
  return expected;
}

test("after any history a run leaves what it leaves in a fresh cache", {
  timeout: 2 * longestMs + 120_000,
}, async () => {
  const end = Date.now() + longestMs;
  const histories = fc.array(action, { minLength: 4, maxLength: 9, size: "max" });
  const property = fc.asyncProperty(histories, async (actions) => {
    if (Date.now() < end) await replay(actions);
  });
  await fc.assert(property, { numRuns, endOnFailure: true });
});

async function replay(actions: readonly Action[]): Promise<void> {
  const project = join(folder, `project-${projects++}`);
  build(project);
  let photos: Photos = "few";
  let word = "one";
  for (const [at, action] of [...actions, { kind: "run", options: [] } as const].entries()) {
    switch (action.kind) {
      case "word":
        word = action.to;
        setWord(project, word);
        break;
      case "photos":
        photos = action.to;
        setPhotos(project, photos);
        break;
      case "kill":
        // What it leaves is a part of what it would have made.
        await freshly(photos, word);
        await disturbed(project, join(project, `notes-${at}`), action);
        break;
      case "run": {
        const { outputs } = await freshly(photos, word);
        const { code, stderr } = await flow(project, { args: ["run", "p.yaml", ...action.options] });
        expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
        const content: Content = new Map([...fresh.values()].flatMap((expected) => [...expected.content]));
        expect(mistakesIn(project, { outputs, content })).toEqual([]);
        break;
      }
      case "plan": {
        // It keeps the lists of the sources it saw.
        await freshly(photos, word);
        const results = (): Content => contentOf(join(project, ".flow"), ["artifacts", "keys", "stores"]);
        const before = results();
        expect((await flow(project, { args: ["plan", "p.yaml"] })).code).toBe(0);
        expect(results()).toEqual(before);
        break;
      }
      default:
        action satisfies never;
    }
  }
}
