import type { ReadonlyStore } from "../store.ts";
import type { Stores } from "./stores.ts";

/** A store by its id, as steps see one that is not theirs. */
export function readonlyStore(stores: Stores, id: string): ReadonlyStore {
  // The id may come out of a file: it must not lead anywhere else.
  if (!/^[0-9a-f]{64}$/.test(id)) throw new Error(`"${id}" is no store id`);
  return {
    id,
    entries: async () => stores.entries(id),
    condensed: (condenser) => stores.condensed(id, condenser),
  };
}
