import { expect, test } from "vitest";
import type { Store, StoreEntry } from "../../engine/store.ts";
import { type Limits, openCheckpoints } from "../../steps/train/checkpoints.ts";
import type { EpochRecord } from "../../steps/train/history.ts";

/** Losses by epoch, of which the third is the best for long. */
const losses = [5, 4, 1, 3, 3, 3, 0.5];
const history = losses.map((loss, at): EpochRecord => {
  return { epoch: at + 1, loss, accuracy: 0, validationLoss: null, validationAccuracy: null };
});

function fakeStore(): Store {
  const entries: StoreEntry[] = [];
  const unused = async () => {
    throw new Error("checkpoints are published");
  };
  return {
    id: "store",
    entries: async () => [...entries],
    async publish(name, write) {
      const entry = { store: "store", name, path: name, about: await write(name) };
      entries.push(entry);
      return { ...entry, isOwn: true };
    },
    async drop({ name }) {
      entries.splice(
        entries.findIndex((entry) => entry.name === name),
        1,
      );
    },
    condensed: async () => [],
    once: unused,
    tryOnce: unused,
    lean: () => {},
  };
}

const stopping = (patience: number): Limits => ({
  epochs: 9,
  earlyStopping: { metric: "loss", patience, minDelta: 0 },
});

async function keptAfter(epochs: number, limits: Limits): Promise<Store> {
  const store = fakeStore();
  const checkpoints = openCheckpoints(store, limits);
  for (let at = 1; at <= epochs; at++) {
    await checkpoints.keep({ keep: async () => {} }, history.slice(0, at));
    await checkpoints.thin(history.slice(0, at), 2);
  }
  return store;
}

async function restored(store: Store, limits: Limits): Promise<[from: string | undefined, epochs: number]> {
  let from: string | undefined;
  const method = {
    async restore(path: string) {
      from = path;
    },
  };
  const { length } = await openCheckpoints(store, limits).restore(method);
  return [from, length];
}

const names = async (store: Store): Promise<readonly string[]> =>
  (await store.entries()).map(({ name }) => name.replace(/^epoch-0+/, ""));

test("the two newest are kept, and the best so far", async () => {
  expect(await names(await keptAfter(6, { epochs: 9 }))).toEqual(["5", "6"]);
  expect(await names(await keptAfter(6, stopping(5)))).toEqual(["3", "5", "6"]);
  expect(await names(await keptAfter(7, stopping(5)))).toEqual(["5", "6", "7"]);
});

test("a training goes on from the newest whose best epoch is there too", async () => {
  expect(await restored(await keptAfter(6, { epochs: 9 }), { epochs: 9 })).toEqual(["epoch-000006", 6]);
  expect(await restored(await keptAfter(6, stopping(5)), stopping(5))).toEqual(["epoch-000006", 6]);
  // The third was dropped: what it was is computed anew.
  expect(await restored(await keptAfter(6, { epochs: 9 }), stopping(5))).toEqual([undefined, 0]);
  // Two epochs without a better one would have ended it after the fifth.
  expect(await restored(await keptAfter(6, stopping(5)), stopping(2))).toEqual(["epoch-000006", 5]);
});
