import type { Cache } from "../cache/cache.ts";
import type { Wanted } from "../cache/once.ts";
import type { JsonObject } from "../json.ts";
import type { StepType } from "../step-type.ts";
import type { PublishedEntry, Store } from "../store.ts";
import type { StepLog } from "./step-log.ts";
import type { Task } from "./task.ts";

export interface StoreOptions {
  readonly cache: Cache;
  readonly type: Pick<StepType, "name" | "version" | "storeVersion">;
  readonly name: JsonObject;
  readonly entries: Task["entries"];
  readonly log: Pick<StepLog, "line">;
  readonly signal: AbortSignal;
  lean(lean: { store: string; entry: string }): unknown;
}

/** A store as the execution of a step sees it. */
export function openStore({ cache, type, name, entries, log, signal, lean }: StoreOptions): Store {
  const fullName: JsonObject = { type: type.name, version: type.storeVersion ?? type.version, name };
  const id = cache.stores.id(fullName);
  const written = new Set<string>();
  let verified: Promise<void> | undefined;
  const verify = async (): Promise<void> => {
    if (entries === "by-content") verified ??= cache.stores.verify(id);
    await verified;
  };
  const remembered = (published: PublishedEntry): PublishedEntry => {
    if (published.isOwn) written.add(published.name);
    return published;
  };
  const wanted = (entry: string, write: Wanted["write"]): Wanted => ({ id, name: fullName, entry, write });
  return {
    id,
    async entries() {
      await verify();
      return cache.stores.entries(id);
    },
    async condensed(condenser) {
      await verify();
      return cache.stores.condensed(id, condenser);
    },
    publish: async (entry, write) => remembered(await cache.stores.publish(id, fullName, entry, write)),
    async once(entry, write) {
      await verify();
      const { published } = await cache.once.wait(wanted(entry, write), {
        signal,
        onWait: (owner) => log.line(`waiting for ${entry}, which ${owner} is writing`),
      });
      return remembered(published);
    },
    async tryOnce(entry, write) {
      await verify();
      const result = await cache.once.attempt(wanted(entry, write));
      return result.kind === "taken" ? undefined : remembered(result.published);
    },
    lean: (entry) => lean({ store: entry.store, entry: entry.name }),
    async drop(entry) {
      if (!written.delete(entry.name)) throw new Error(`${entry.name} was not written by this execution`);
      await cache.stores.drop(id, entry.name);
    },
  };
}
