import { existsSync, readdirSync, renameSync, statSync } from "node:fs";
import { join } from "node:path";
import { fromWord, isAlive } from "../process-identity.ts";
import { type Artifacts, openArtifacts } from "./artifacts.ts";
import { type Divisions, openDivisions } from "./divisions.ts";
import { dropStaging, stagingFolder } from "./durable.ts";
import { makeFolder, markCache, removeFolder } from "./folders.ts";
import { type Project, type SourceFilter, sourceFilter } from "./ignore.ts";
import { type KeyRecord, type Keys, openKeys } from "./keys.ts";
import { sweepLocks, tryLock, type WaitOptions, whenFree } from "./lock.ts";
import { type Notes, openNotes } from "./notes.ts";
import { type OnceWritten, onceWritten } from "./once.ts";
import { openSources, type Sources } from "./sources.ts";
import { openStores, type Stores } from "./stores.ts";

export interface Cache {
  readonly folder: string;
  readonly artifacts: Artifacts;
  readonly keys: Keys;
  readonly stores: Stores;
  readonly sources: Sources;
  readonly notes: Notes;
  readonly divisions: Divisions;
  /** What is left out of sources. */
  readonly filter: SourceFilter;
  /** Entries of stores that are written once, whoever wants them. */
  readonly once: OnceWritten;
  /** Holds a key while it is computed. Returns the release. */
  lock(key: string, options: WaitOptions): Promise<() => void>;
  staging(): string;
  /** Gives a staging folder up. */
  dropStaging(folder: string): void;
  /** What a record names and is not there, in words; `undefined` where the result can be used. */
  missing(record: KeyRecord): string | undefined;
  /** Marks the folder as a cache, and removes what dead processes left under `staging/` and `locks/`. Never fails. */
  sweep(): void;
}

/** What cannot be seen is taken for dead when its heartbeat has stood still this long. */
const SILENT_MS = 24 * 3600 * 1000;

/**
 * Opens the cache in a folder. Nothing is written before there is something to keep.
 *
 * @param project whose sources are read: what it leaves out of them.
 */
export function openCache(folder: string, project?: Project): Cache {
  const artifacts = openArtifacts(folder);
  const stores = openStores(folder);
  const filter = sourceFilter(project);
  return {
    folder,
    artifacts,
    stores,
    filter,
    keys: openKeys(folder),
    sources: openSources(folder, filter),
    notes: openNotes(folder),
    divisions: openDivisions(folder),
    once: onceWritten(folder, stores),
    async lock(key, options) {
      const { release } = await whenFree(() => tryLock(folder, key), options);
      return release;
    },
    staging: () => stagingFolder(folder),
    dropStaging,
    missing(record) {
      for (const [name, output] of Object.entries(record.outputs)) {
        if (!artifacts.complete(output.digest)) return `output ${name}`;
      }
      const gone = record.leans.filter((lean) => !stores.complete(lean.store, lean.entry)).length;
      if (gone > 0) return `${gone} of ${record.leans.length} store entries`;
      const { origin } = record;
      if (origin?.kind === "folder" && !existsSync(origin.path)) return `the folder ${origin.path}`;
      const isLost = origin?.kind === "artifact" && !artifacts.complete(origin.digest);
      return isLost ? "the artifact whose files it names" : undefined;
    },
    sweep() {
      try {
        makeFolder(folder, folder);
        markCache(folder);
        sweepStaging(folder);
        sweepLocks(folder);
        for (const name of ["divisions", "incoming"]) sweepOld(join(folder, name));
      } catch {
        // A convenience: what could not be removed stays for the next time.
      }
    },
  };
}

/** Nobody has gone on with it in so long: it is begun anew. */
const KEPT_MS = 7 * 24 * 3600 * 1000;

/** By the newest of what lies at the top of each: what is gone on with is written to. */
function sweepOld(folder: string): void {
  if (!existsSync(folder)) return;
  for (const name of readdirSync(folder)) {
    const path = join(folder, name);
    const times = [path, ...readdirSync(path).map((entry) => join(path, entry))].map(
      (file) => statSync(file, { throwIfNoEntry: false })?.mtimeMs ?? 0,
    );
    if (Date.now() - Math.max(...times) > KEPT_MS) removeFolder(path);
  }
}

function sweepStaging(folder: string): void {
  const staging = join(folder, "staging");
  if (!existsSync(staging)) return;
  const dead = readdirSync(staging).filter((name) => isLeftOver(staging, name));
  for (const name of dead) {
    try {
      const bin = stagingFolder(folder);
      // By rename, so that of two sweepers one wins.
      renameSync(join(staging, name), join(bin, "dead"));
      dropStaging(bin);
    } catch {
      // Another user's, or another sweeper was first.
    }
  }
}

function isLeftOver(staging: string, name: string): boolean {
  const owner = fromWord(name);
  const alive = owner && isAlive(owner);
  if (alive !== undefined) return !alive;
  const stat = statSync(join(staging, name), { throwIfNoEntry: false });
  return stat !== undefined && Date.now() - stat.mtimeMs > SILENT_MS;
}
