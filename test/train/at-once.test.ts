import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { RunRecord } from "../../engine/record/run-record.ts";
import { newWorkplace, until, type Workplace } from "../cli/flow.ts";
import { begunAgain, piecesBegun } from "./pieces-begun.ts";
import { wideRows } from "./wide-rows.ts";

const pipeline = (name: string, learningRate: number): string =>
  wideRows({
    name,
    images: 600,
    choices: `epochs: 1, optimizer: { kind: sgd, learningRate: ${learningRate} }`,
  });

const names = ["one", "two", "three"];
let place: Workplace;
beforeAll(async () => {
  place = newWorkplace();
  for (const [at, name] of names.entries()) place.write(`${name}.yaml`, pipeline(name, 1e-6 * (at + 1)));
  expect(await place.flow(["run", "one.yaml", "--until", "features"])).toMatchObject({ code: 0 });
});
afterAll(() => place.remove());

test("trainings at once compute the products of the same rows once; one that is killed leaves the rest to the others", async () => {
  const killed = place.start(["run", "three.yaml", "--json"]);
  const others = ["one", "two"].map((name) => place.start(["run", `${name}.yaml`]));
  let heard = "";
  killed.child.stdout?.on("data", (data) => {
    heard += data;
  });
  await until(() => heard.includes('"unit":"products"'), "the first products");
  killed.child.kill("SIGKILL");
  for (const { finished } of others) expect(await finished).toMatchObject({ code: 0 });
  const [one, two] = ["one", "two"].map((name) => productsOf(place, name)) as [Products, Products];
  // Three tiles: with themselves, with those before them, and with the first weights.
  const all = 6 + 3;
  expect([one.computed + one.reused, two.computed + two.reused]).toEqual([all, all]);
  expect(one.computed + two.computed).toBeLessThanOrEqual(all);
  // What the killed one had in hand.
  expect(begunAgain(piecesBegun(place))).toBeLessThanOrEqual(1);

  expect(await place.flow(["run", "three.yaml"])).toMatchObject({ code: 0 });
  expect(productsOf(place, "three")).toEqual({ computed: 0, reused: all });
});

interface Products {
  readonly computed: number;
  readonly reused: number;
}

/** Of the newest run of a pipeline. */
function productsOf({ root }: Workplace, name: string): Products {
  const runs = join(root, "runs");
  const records = readdirSync(runs)
    .filter((run) => run !== "latest" && existsSync(join(runs, run, "run.json")))
    .sort()
    .map((run) => JSON.parse(readFileSync(join(runs, run, "run.json"), "utf8")) as RunRecord)
    .filter((record) => record.pipeline === name);
  const { products, productsReused } = records.at(-1)?.steps.head?.metrics ?? {};
  return { computed: Number(products), reused: Number(productsReused) };
}
