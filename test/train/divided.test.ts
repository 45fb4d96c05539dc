import { join } from "node:path";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { itemsOf } from "../../engine/division.ts";
import { executeTask } from "../../engine/execute/execute-task.ts";
import type { Task, TaskEnd } from "../../engine/execute/task.ts";
import { stepTypes } from "../../steps/registry.ts";
import { toDo } from "../../steps/train/divide.ts";
import { piecesOf, productsIn } from "../../steps/train/sample-space/pieces.ts";
import { tilingOf } from "../../steps/train/sample-space/tiling.ts";
import { newWorkplace, type Workplace } from "../cli/flow.ts";
import { newProject } from "../engine/project.ts";
import { featuresOf, positionsUpTo } from "./rows.ts";
import { wideRows } from "./wide-rows.ts";

describe("items of products", () => {
  const rows = 13 * 256;
  const features = featuresOf({ x: new Float32Array(rows), labels: new Uint8Array(rows) });
  const { tiles } = tilingOf(features, positionsUpTo(rows), { tiles: () => new Map() });
  const blocks = { gram: () => undefined, first: () => undefined };
  const all = { tiles, blocks, rowLength: 100_352, held: 5, isWanted: () => true };

  test("hold every product once, and are no smaller than was asked", () => {
    const { missing, total } = piecesOf(all);
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 2 * total }), (least) => {
        const items = itemsOf("pieces", missing.map(toDo), least);
        expect(items.reduce((sum, { cost }) => sum + cost, 0)).toBe(total);
        for (const { cost } of items) expect(cost).toBeGreaterThanOrEqual(Math.min(least, total));
        const inRanges = items.flatMap(({ about }) => {
          const range = [about.from as number, about.to as number] as const;
          const part = piecesOf({ ...all, range });
          expect(part.total).toBe(part.missing.reduce((sum, piece) => sum + productsIn(piece), 0));
          return part.missing.map(({ at }) => at);
        });
        expect(inRanges).toEqual(missing.map(({ at }) => at));
      }),
    );
  });
});

describe("a training whose products are done in items", () => {
  const text = wideRows({ name: "wide", images: 600, choices: "epochs: 1, optimizer: { kind: sgd }" });
  let place: Workplace;
  beforeAll(async () => {
    place = newWorkplace();
    place.write("wide.yaml", text);
    expect(await place.flow(["run", "wide.yaml", "--until", "features"])).toMatchObject({ code: 0 });
  });
  afterAll(() => place.remove());

  test("computes none of them again, and has the bytes of one that did all itself", async () => {
    const project = newProject([...stepTypes.values()], place.root);
    const plan = (await project.plan(text)).find(({ step }) => step.id === "head");
    const artifact = place.record().steps.features?.outputs.features?.digest ?? "";
    const task: Task = {
      ...{ step: "head", type: "train", params: plan?.step.params ?? {}, root: place.root },
      ...{ home: join(place.root, "home"), runs: join(place.root, "runs"), entries: "by-size" },
      inputs: {
        features: { path: project.cache.artifacts.path(artifact), digest: artifact, artifact, notes: [] },
      },
      cache: project.cache.folder,
      log: join(place.root, "head.log"),
    };
    const options = { types: stepTypes, signal: new AbortController().signal, update() {} };
    const done = async (part: Task["part"]): Promise<TaskEnd> =>
      executeTask(part === undefined ? task : { ...task, part }, options);

    const cut = await done({ kind: "split" });
    if (cut.kind !== "split") throw new Error(JSON.stringify(cut));
    // Three tiles: with themselves, with those before them, and with the first weights.
    expect(cut.items).toEqual([{ name: "pieces 0-6", cost: 9, about: { from: 0, to: 6 } }]);
    const key = plan?.key ?? "";
    const items = [4, 0, 2].map((from, at) => {
      const about = { from, to: from + 2 };
      return [at, { name: `pieces ${from}`, cost: 1, about }] as const;
    });
    await project.cache.divisions.keep(key, { items: items.map(([, item]) => item), together: 1 });
    const worked: TaskEnd[] = [];
    for (const item of items) worked.push(await done({ kind: "work", key, items: [item] }));
    expect(worked.map(({ metrics }) => Number(metrics.products)).reduce((a, b) => a + b)).toBe(9);
    const end = await done(undefined);
    if (end.kind !== "done") throw new Error(JSON.stringify(end));
    expect(end.metrics).toMatchObject({ products: 0, productsReused: 9 });

    expect(await place.flow(["run", "wide.yaml", "--cache", "other"])).toMatchObject({ code: 0 });
    expect(place.record().steps.head?.metrics).toMatchObject({ products: 9, productsReused: 0 });
    expect(end.outputs.model?.digest).toBe(place.record().steps.head?.outputs.model?.digest);
  });
});
