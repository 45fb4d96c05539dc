import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { openStores } from "../../engine/cache/stores.ts";
import type { Store, StoreEntry } from "../../engine/step-type.ts";
import { randomStream } from "../../steps/compute/random.ts";
import { openDirect } from "../../steps/train/direct.ts";
import type { Method, Rows } from "../../steps/train/method.ts";
import { type MultipliedRows, multiplyRows } from "../../steps/train/sample-space/multiply-rows.ts";
import { openSampleSpace } from "../../steps/train/sample-space/open.ts";
import { openProducts } from "../../steps/train/sample-space/products.ts";
import { initialState } from "../../steps/train/state.ts";
import { featuresOf } from "./rows.ts";

const folders: string[] = [];
afterAll(() => {
  for (const folder of folders) rmSync(folder, { recursive: true });
});

function newStore(): Store {
  const cache = mkdtempSync(join(tmpdir(), "flow-train-"));
  folders.push(cache);
  const stores = openStores(cache);
  const id = stores.id({ name: "store" });
  return {
    id,
    entries: async () => stores.entries(id),
    condensed: (condenser) => stores.condensed(id, condenser),
    publish: (name, write) => stores.publish(id, { name: "store" }, name, write),
    lean() {},
    drop: ({ name }: StoreEntry) => stores.drop(id, name),
  };
}

describe("training in sample space", () => {
  test("gives the weights that going down the gradient gives", async () => {
    const { features, training, validation } = problem({
      training: 700,
      validation: 90,
      rowLength: 5000,
      classes: 3,
    });
    const sizes = [5000, 24, 9, 3];
    const [direct, sampled] = [initialState(sizes, 5), initialState(sizes, 5)];
    const how = { features, momentum: 0.9, batchSize: 32 };
    const one = await openDirect({ ...how, state: direct });
    const other = await openSampleSpace({
      ...{ ...how, state: sampled, training, validation, rowBytes: 3 * 256 * 5000 * 4, tell() {} },
      stores: { gram: newStore(), first: newStore() },
    });
    for (let epoch = 0; epoch < 4; epoch++) {
      const order = training.toSorted((a, b) => ((a * 7919 + epoch) % 701) - ((b * 7919 + epoch) % 701));
      const [expected, found] = [await losses(one, order), await losses(other, order)];
      expect(found.length).toBe(22);
      for (const [at, loss] of expected.entries())
        expect(Math.abs((found[at] as number) - loss)).toBeLessThan(2e-4);
      expect((await other.score(validation)).loss).toBeCloseTo((await one.score(validation)).loss, 3);
    }
    const [these, those] = [await one.layers(), await other.layers()];
    for (const [at, { kernel, bias }] of these.entries()) {
      for (const [k, value] of kernel.entries()) {
        if (Math.abs(value - (those[at]?.kernel[k] as number)) > 2e-5)
          expect(those[at]?.kernel[k]).toBe(value);
      }
      for (const [k, value] of bias.entries()) expect(those[at]?.bias[k]).toBeCloseTo(value, 5);
    }
  });
});

describe("products of rows", () => {
  const rowLength = 9000;
  const { features, training, validation } = problem({
    training: 600,
    validation: 300,
    rowLength,
    classes: 2,
  });
  const kernel = initialState([rowLength, 7, 2], 1).layers[0]?.kernel as Float32Array;

  interface Wanted {
    readonly stores: { readonly gram: Store; readonly first: Store };
    readonly training: Int32Array;
    readonly validation: Int32Array;
    /** That memory may hold. */
    readonly tiles: number;
  }

  /** With how many products were computed. */
  async function multiply({
    tiles,
    ...wanted
  }: Wanted): Promise<MultipliedRows & { readonly computed: number }> {
    const products = await openProducts();
    let computed = 0;
    const known = await multiplyRows({
      ...{ ...wanted, features, kernel, units: 7, products },
      rowBytes: tiles * 256 * rowLength * 4,
      tell: () => {
        computed++;
      },
    });
    await products.close();
    return { ...known, computed };
  }

  const newStores = () => ({ gram: newStore(), first: newStore() });

  test("are those of float64", async () => {
    const { training: found, computed } = await multiply({
      stores: newStores(),
      training,
      validation,
      tiles: 9,
    });
    // Four tiles: each with itself and those before it, and with the kernel; the last holds nothing that is trained on.
    expect(computed).toBe(10 - 1 + 4);
    const [one, other] = [new Float32Array(rowLength), new Float32Array(rowLength)];
    for (const [a, b] of [
      [0, 0],
      [3, 598],
      [255, 256],
      [599, 17],
    ] as const) {
      await features.read([training[a] as number], one);
      await features.read([training[b] as number], other);
      const expected = one.reduce((sum, value, at) => sum + value * (other[at] as number), 0);
      expect((found.gram[a * 600 + b] as number) / expected).toBeCloseTo(1, 6);
    }
  });

  test("have the same bits whatever memory holds, and whatever was there before", async () => {
    const fresh = await multiply({ stores: newStores(), training, validation, tiles: 9 });
    const narrow = await multiply({ stores: newStores(), training, validation, tiles: 2 });
    expect(sameBits(narrow, fresh)).toBe(true);

    const stores = newStores();
    const few = training.filter((position) => position % 3 !== 1);
    await multiply({ stores, training: few, validation: validation.slice(0, 50), tiles: 4 });
    const grown = await multiply({ stores, training, validation, tiles: 4 });
    expect(sameBits(grown, fresh)).toBe(true);
    expect((await multiply({ stores, training, validation, tiles: 4 })).computed).toBe(0);
  });

  test("of a few new rows are all that is computed; rows that are gone cost nothing", async () => {
    const stores = newStores();
    const all = await multiply({ stores, training, validation, tiles: 9 });
    const gone = await multiply({ stores, training: training.slice(100), validation, tiles: 9 });
    expect(gone.computed).toBe(0);
    const fresh = await multiply({
      stores: newStores(),
      training: training.slice(100),
      validation,
      tiles: 9,
    });
    expect(sameBits(gone, fresh)).toBe(true);
    const few = newStores();
    await multiply({
      stores: few,
      training: training.slice(0, 512),
      validation: validation.slice(0, 0),
      tiles: 9,
    });
    const more = await multiply({
      stores: few,
      training: training.slice(0, 600),
      validation: validation.slice(0, 0),
      tiles: 9,
    });
    // One tile more: with itself, with two others, with the kernel.
    expect(more.computed).toBe(4);
    expect(all.computed).toBeGreaterThan(4);
  });

  function sameBits(one: MultipliedRows, other: MultipliedRows): boolean {
    return (["training", "validation"] as const).every((split) =>
      (["gram", "first"] as const).every((what) =>
        Buffer.from(one[split][what].buffer).equals(Buffer.from(other[split][what].buffer)),
      ),
    );
  }
});

async function losses(method: Method, order: Int32Array): Promise<number[]> {
  const found: number[] = [];
  for await (const { loss } of method.steps(order, (step) => 0.01 / (1 + 0.001 * step))) found.push(loss);
  return found;
}

interface Problem {
  readonly features: Rows;
  readonly training: Int32Array;
  readonly validation: Int32Array;
}

/** Rows that a head can learn to tell apart, mostly zeros as a ReLU leaves them. */
function problem({
  training,
  validation,
  rowLength,
  classes,
}: Record<"training" | "validation" | "rowLength" | "classes", number>): Problem {
  const rows = training + validation;
  const random = randomStream(1, "problem");
  const labels = Array.from({ length: rows }, () => random.below(classes));
  const x = new Float32Array(rows * rowLength);
  for (const [row, label] of labels.entries()) {
    for (let at = 0; at < rowLength; at++) {
      const value = random.uniform() * 2 - 1.4 + (at % classes === label ? 0.2 : 0);
      x[row * rowLength + at] = Math.max(0, value);
    }
  }
  const splits = labels.map((_, row) => (row < training ? ("train" as const) : ("validation" as const)));
  const positions = Int32Array.from({ length: rows }, (_, row) => row);
  return {
    features: featuresOf({ x, labels, splits }),
    training: positions.slice(0, training),
    validation: positions.slice(training),
  };
}
