import { afterAll, describe, expect, test } from "vitest";
import type { Store } from "../../engine/store.ts";
import { openProducts } from "../../steps/compute/onnx/products.ts";
import type { Rows } from "../../steps/train/method.ts";
import type { ProductsDone } from "../../steps/train/sample-space/compute-blocks.ts";
import { type MultipliedRows, multiplyRows } from "../../steps/train/sample-space/multiply-rows.ts";
import { tileBytes } from "../../steps/train/sample-space/tiles.ts";
import { initialState } from "../../steps/train/state.ts";
import { problem } from "./problem.ts";
import { newFolder, newStore, positionsUpTo, removeFolders } from "./rows.ts";

afterAll(removeFolders);

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
    /** How often something is multiplied before it fails. */
    readonly failsAfter?: number;
  }

  /** With how many products were computed. */
  async function multiply({ tiles, failsAfter, ...wanted }: Wanted): Promise<MultipliedRows & ProductsDone> {
    const products = openProducts();
    let done: ProductsDone = { total: 0, there: 0, computed: 0, brought: 0 };
    let pauses = 0;
    try {
      const known = await multiplyRows({
        ...{ ...wanted, features, kernel, units: 7, products, isUnitLength: false },
        rowBytes: tileBytes(rowLength, tiles),
        tell(now) {
          done = now;
          if (pauses++ === failsAfter) throw new Error("enough");
        },
        log() {},
      });
      return { ...(known as MultipliedRows), ...done };
    } finally {
      await products.close();
    }
  }

  /** In one cache. */
  const newStores = (cache = newFolder()) => ({
    gram: newStore(cache, "gram"),
    first: newStore(cache, "first"),
  });

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

  test("of rows that memory does not hold, and of which some are known, are those of a fresh store", async () => {
    const none = validation.slice(0, 0);
    for (const before of [training.slice(0, 512), training.filter((position) => position % 2 === 0)]) {
      const stores = newStores();
      await multiply({ stores, training: before, validation: none, tiles: 2 });
      const grown = await multiply({ stores, training, validation, tiles: 2 });
      const fresh = await multiply({ stores: newStores(), training, validation, tiles: 9 });
      expect(sameBits(grown, fresh)).toBe(true);
    }
  });

  test.each([9, 3])(
    "are computed once by executions that want them at once, with %i tiles in memory",
    async (tiles) => {
      const fresh = await multiply({ stores: newStores(), training, validation, tiles: 9 });
      const cache = newFolder();
      const all = await Promise.all(
        [9, tiles, tiles].map((most) =>
          multiply({ stores: newStores(cache), training, validation, tiles: most }),
        ),
      );
      for (const known of all) {
        expect(sameBits(known, fresh)).toBe(true);
        expect(known.computed + known.brought + known.there).toBe(fresh.total);
      }
      expect(all.reduce((sum, { computed }) => sum + computed, 0)).toBe(fresh.total);
    },
  );

  test("that one execution began and did not finish are computed by the other", async () => {
    const fresh = await multiply({ stores: newStores(), training, validation, tiles: 9 });
    const cache = newFolder();
    const failing = multiply({ stores: newStores(cache), training, validation, tiles: 9, failsAfter: 5 });
    const [failed, known] = await Promise.allSettled([
      failing,
      multiply({ stores: newStores(cache), training, validation, tiles: 9 }),
    ]);
    expect(failed).toMatchObject({ status: "rejected", reason: { message: "enough" } });
    if (known.status === "rejected") throw known.reason;
    expect(sameBits(known.value, fresh)).toBe(true);
    expect(known.value.computed + known.value.brought).toBe(fresh.total);
  });

  test("of pictures that are listed twice are there for both, also where one is trained on and one validated with", async () => {
    const { index, ...rows } = features;
    const twin = (position: number) =>
      ({ ...index[position], digest: `${position % 40}` }) as (typeof index)[number];
    const twins: Rows = { ...rows, index: index.map((_, position) => twin(position)) };
    const [trained, validated] = [positionsUpTo(100), positionsUpTo(160).slice(100)];
    const products = openProducts();
    const found = (await multiplyRows({
      ...{
        isUnitLength: false,
        features: twins,
        training: trained,
        validation: validated,
        kernel,
        units: 7,
        products,
      },
      ...{ stores: newStores(), rowBytes: 4 * 256 * rowLength * 4, tell() {}, log() {} },
    })) as MultipliedRows;
    await products.close();
    expect(found.validation.gram.length).toBe(6_000);
    // Rows 0 and 40 are one picture, and so are 100 and 20.
    const row = (matrix: Float32Array, at: number) => [...matrix.subarray(at * 100, (at + 1) * 100)];
    expect(row(found.training.gram, 40)).toEqual(row(found.training.gram, 0));
    expect(row(found.validation.gram, 0)).toEqual(row(found.training.gram, 20));
    expect(found.training.gram[0]).toBeGreaterThan(0);
  });

  function sameBits(one: MultipliedRows, other: MultipliedRows): boolean {
    return (["training", "validation"] as const).every((split) =>
      (["gram", "first"] as const).every((what) =>
        Buffer.from(one[split][what].buffer).equals(Buffer.from(other[split][what].buffer)),
      ),
    );
  }
});
