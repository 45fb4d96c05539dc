import type { JsonObject } from "../../engine/json.ts";
import { StepError, type Store, type StoreEntry } from "../../engine/step-type.ts";
import type { Method } from "./method.ts";

/** What an epoch came to; means over its images. */
export type EpochRecord = {
  readonly epoch: number;
  readonly loss: number;
  readonly accuracy: number;
  /** `null` where there are no validation images. */
  readonly validationLoss: number | null;
  readonly validationAccuracy: number | null;
};

/**
 * Checkpoints: what training needs to go on after an epoch. The method's files
 * hold the weights and what moves them, the entry's description the history. The
 * random state is the seed and the epoch, so there is nothing else to keep.
 */
export interface Checkpoints {
  /** Brings `method` to the highest kept epoch not above `epochs`; returns the history up to it, empty for none. */
  restore(method: Pick<Method, "restore">, epochs: number): Promise<readonly EpochRecord[]>;
  /** Keeps what stands after the last epoch of `history`; of its own earlier ones only the newest stays. */
  keep(method: Pick<Method, "keep">, history: readonly EpochRecord[]): Promise<void>;
}

export function openCheckpoints(store: Store): Checkpoints {
  const own: StoreEntry[] = [];
  return {
    async restore(method, epochs) {
      const kept = (await store.entries())
        .map((entry) => ({ entry, history: historyOf(entry.about) }))
        .filter(({ history }) => history.length > 0 && history.length <= epochs)
        .sort((a, b) => b.history.length - a.history.length);
      for (const { entry, history } of kept) {
        try {
          await method.restore(entry.path);
          return history;
        } catch (error) {
          // Another execution may drop what it wrote, just now.
          if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
        }
      }
      if (kept.length > 0)
        throw new StepError("the checkpoints were removed while they were read; run it again");
      return [];
    },
    async keep(method, history) {
      const known = new Set((await store.entries()).map(({ name }) => name));
      const name = `epoch-${String(history.length).padStart(6, "0")}`;
      if (known.has(name)) return;
      const entry = await store.publish(name, async (folder) => {
        await method.keep(folder);
        return { history } satisfies JsonObject;
      });
      if (entry.isOwn) own.push(entry);
      while (own.length > 2) await store.drop(own.shift() as StoreEntry);
    },
  };
}

function historyOf(about: JsonObject): readonly EpochRecord[] {
  return Array.isArray(about.history) ? (about.history as unknown as readonly EpochRecord[]) : [];
}
