import { existsSync, mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { type Artifacts, openArtifacts } from "./artifacts.ts";
import { stagingFolder } from "./durable.ts";
import { type KeyRecord, type Keys, openKeys } from "./keys.ts";
import { type LockOptions, lockKey } from "./lock.ts";
import { fromWord, isAlive } from "./process-identity.ts";
import { openSources, type Sources } from "./sources.ts";
import { openStores, type Stores } from "./stores.ts";

export interface Cache {
  readonly folder: string;
  readonly artifacts: Artifacts;
  readonly keys: Keys;
  readonly stores: Stores;
  readonly sources: Sources;
  lock(key: string, options: LockOptions): Promise<() => void>;
  staging(): Promise<string>;
  /** What a record names and is not there, in words; `undefined` where the result can be used. */
  missing(record: KeyRecord): string | undefined;
  /** Removes what dead processes left under `staging/`. */
  sweep(): Promise<void>;
}

/** Signature of the Cache Directory Tagging Specification (bford.info/cachedir), which backup tools honour. */
const cacheTag = "Signature: 8a477f597d28d172789f06886806bc55\n# This folder is a cache made by flow.\n";

/** Opens the cache in a folder. Nothing is written before there is something to keep. */
export function openCache(folder: string): Cache {
  const artifacts = openArtifacts(folder);
  const stores = openStores(folder);
  return {
    folder,
    artifacts,
    stores,
    keys: openKeys(folder),
    sources: openSources(folder),
    lock: (key, options) => lockKey(folder, key, options),
    staging: () => stagingFolder(folder),
    missing(record) {
      for (const [name, output] of Object.entries(record.outputs)) {
        if (!artifacts.complete(output.digest)) return `output ${name}`;
      }
      const gone = record.leans.filter((lean) => !stores.complete(lean.store, lean.entry)).length;
      return gone > 0 ? `${gone} of ${record.leans.length} store entries` : undefined;
    },
    async sweep() {
      mkdirSync(folder, { recursive: true });
      const tag = join(folder, "CACHEDIR.TAG");
      if (!existsSync(tag)) writeFileSync(tag, cacheTag);
      const staging = join(folder, "staging");
      if (!existsSync(staging)) return;
      const dead = readdirSync(staging).filter((name) => {
        const owner = fromWord(name);
        return owner !== undefined && isAlive(owner) === false;
      });
      if (dead.length === 0) return;
      const bin = await stagingFolder(folder);
      for (const name of dead) {
        // By rename, so that of two sweepers one wins.
        await rename(join(staging, name), join(bin, name)).catch(() => {});
      }
      await rm(bin, { recursive: true, force: true });
    },
  };
}
