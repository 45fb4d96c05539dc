import type { JsonObject } from "../../engine/json.ts";
import { StepError } from "../../engine/step-type.ts";
import type { Store, StoreEntry } from "../../engine/store.ts";
import { type EarlyStopping, type Standing, standingAfter } from "./early-stopping.ts";
import type { EpochRecord } from "./history.ts";
import type { Method } from "./method.ts";

/**
 * Checkpoints: what training needs to go on after an epoch. The method's files
 * hold the weights and what moves them, the entry's description the history. The
 * random state is the seed and the epoch, so there is nothing else to keep.
 */
export interface Checkpoints {
  /** Brings `method` to the highest kept epoch to go on from; returns the history up to it, empty for none. */
  restore(method: Pick<Method, "restore">): Promise<readonly EpochRecord[]>;
  /** Keeps what stands after the last epoch of `history`. */
  keep(method: Pick<Method, "keep">, history: readonly EpochRecord[]): Promise<void>;
  /** Drops what this execution kept, but for the newest and the best. */
  thin(history: readonly EpochRecord[], newest: number): Promise<void>;
  /** Brings `method` to an epoch that was kept. */
  bring(method: Pick<Method, "restore">, epoch: number): Promise<void>;
}

export interface Limits {
  readonly epochs: number;
  readonly earlyStopping?: EarlyStopping;
}

interface Kept {
  readonly entry: StoreEntry;
  readonly history: readonly EpochRecord[];
}

export function openCheckpoints(store: Store, { epochs, earlyStopping }: Limits): Checkpoints {
  const own: { readonly entry: StoreEntry; readonly epoch: number }[] = [];
  /** Names that there were before the first was kept: to look again each time takes long where there are hundreds. */
  let known: ReadonlySet<string> | undefined;
  const standing = (history: readonly EpochRecord[]): Standing | undefined =>
    earlyStopping && standingAfter(history, earlyStopping);
  const allKept = async (): Promise<readonly Kept[]> =>
    (await store.entries())
      .map((entry) => ({ entry, history: historyOf(entry.about) }))
      .filter(({ history }) => history.length > 0 && history.length <= epochs)
      .sort((a, b) => b.history.length - a.history.length);
  return {
    async restore(method) {
      const all = await allKept();
      const there = new Set(all.map(({ history }) => history.length));
      // The best epoch so far may yet turn out to be the best of all.
      const usable = all.filter(({ history }) => there.has(standing(history)?.best ?? history.length));
      for (const { entry, history } of usable) {
        if (await isRestored(method, entry)) return history.slice(0, standing(history)?.end);
      }
      if (usable.length > 0) throw lost();
      return [];
    },
    async keep(method, history) {
      known ??= new Set((await store.entries()).map(({ name }) => name));
      const epoch = history.length;
      const name = `epoch-${String(epoch).padStart(6, "0")}`;
      if (known.has(name)) return;
      const entry = await store.publish(name, async (folder) => {
        await method.keep(folder);
        return { history } satisfies JsonObject;
      });
      if (entry.isOwn) own.push({ entry, epoch });
    },
    async thin(history, newest) {
      const best = standing(history)?.best;
      const others = own.filter((one) => one.epoch !== best);
      for (const other of others.slice(0, -newest)) {
        own.splice(own.indexOf(other), 1);
        await store.drop(other.entry);
      }
    },
    async bring(method, epoch) {
      const kept = (await allKept()).find(({ history }) => history.length === epoch);
      if (kept === undefined || !(await isRestored(method, kept.entry))) throw lost();
    },
  };
}

async function isRestored(method: Pick<Method, "restore">, { path }: StoreEntry): Promise<boolean> {
  try {
    await method.restore(path);
    return true;
  } catch (error) {
    // Another execution may drop what it wrote, just now.
    if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
    return false;
  }
}

function lost(): StepError {
  return new StepError("the checkpoints were removed while they were read; run it again");
}

function historyOf(about: JsonObject): readonly EpochRecord[] {
  return Array.isArray(about.history) ? (about.history as unknown as readonly EpochRecord[]) : [];
}
