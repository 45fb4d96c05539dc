import { createHash } from "node:crypto";
import type { Cache } from "../cache/cache.ts";
import { type Taken, tryLock } from "../cache/lock.ts";
import type { ClaimedItem, PlacedItem, WorkItem } from "../division.ts";

export interface ItemsToClaim {
  readonly cache: Cache;
  /** Of the step. */
  readonly key: string;
  readonly items: readonly PlacedItem[];
  readonly signal: AbortSignal;
  /** Called when an item is done. */
  onDone(item: WorkItem): void;
}

export interface ClaimedItems {
  readonly items: AsyncIterable<ClaimedItem>;
  /** Lets those go that were not done. */
  release(): void;
}

/**
 * Items that nobody else has in hand or has done, each under a lock of its own
 * until it is done: whoever shares the cache and has the same items takes part.
 * Those that others have are come back to at the end, when they are done, or
 * their worker is dead.
 */
export function claimItems(options: ItemsToClaim): ClaimedItems {
  const held = new Set<() => void>();
  return {
    items: claim(options, held),
    release() {
      for (const release of held) release();
    },
  };
}

async function* claim(
  { cache, key, items, signal, onDone }: ItemsToClaim,
  held: Set<() => void>,
): AsyncGenerator<ClaimedItem> {
  let left = items;
  while (left.length > 0) {
    const taken: PlacedItem[] = [];
    let first: Taken | undefined;
    const done = cache.divisions.done(key);
    for (const [at, item] of left) {
      signal.throwIfAborted();
      if (done.has(at)) continue;
      const lock = tryLock(cache.folder, lockOf(key, item));
      if (lock.kind === "taken") {
        first ??= lock;
        taken.push([at, item]);
        continue;
      }
      // Who had it before may have just done it, and with it all.
      if (!cache.divisions.isToDo(key, at)) {
        lock.release();
        continue;
      }
      held.add(lock.release);
      yield {
        ...item,
        done() {
          if (!held.delete(lock.release)) return;
          cache.divisions.setDone(key, at);
          lock.release();
          onDone(item);
        },
      };
    }
    left = taken;
    await first?.change(signal);
  }
}

function lockOf(key: string, { name }: WorkItem): string {
  return `sha256:${createHash("sha256").update(`${key} ${name}`).digest("hex")}`;
}
