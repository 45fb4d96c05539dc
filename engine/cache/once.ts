import { createHash } from "node:crypto";
import type { JsonObject } from "../json.ts";
import type { PublishedEntry, WriteEntry } from "../store.ts";
import { type Taken, tryLock, type WaitOptions, whenFree } from "./lock.ts";
import type { Stores } from "./stores.ts";

/** An entry that several executions may want at once. */
export interface Wanted {
  /** The store's id, and the name that it stands for. */
  readonly id: string;
  readonly name: JsonObject;
  readonly entry: string;
  readonly write: WriteEntry;
}

export interface There {
  readonly kind: "there";
  readonly published: PublishedEntry;
}

/** Entries that are written once, whoever wants them. */
export interface OnceWritten {
  /** The entry as it is there, or as `write` makes it; where another execution is at it: who. */
  attempt(wanted: Wanted): Promise<There | Taken>;
  /** The same, waiting for the other; where that one fails or dies, this one writes. */
  wait(wanted: Wanted, options: WaitOptions): Promise<There>;
}

export function onceWritten(cache: string, stores: Stores): OnceWritten {
  const attempt = async ({ id, name, entry, write }: Wanted): Promise<There | Taken> => {
    const find = (): There | undefined => {
      const found = stores.find(id, entry);
      return found && { kind: "there", published: { ...found, isOwn: false } };
    };
    const there = find();
    if (there !== undefined) return there;
    const digest = createHash("sha256").update(`${id}/${entry}`).digest("hex");
    const lock = tryLock(cache, `sha256:${digest}`);
    if (lock.kind === "taken") return lock;
    try {
      // Who had the lock before may have just written it.
      return find() ?? { kind: "there", published: await stores.publish(id, name, entry, write) };
    } finally {
      lock.release();
    }
  };
  return { attempt, wait: (wanted, options) => whenFree(() => attempt(wanted), options) };
}
