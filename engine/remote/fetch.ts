import { chmodSync, existsSync, mkdirSync, statSync } from "node:fs";
import { open } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { Cache } from "../cache/cache.ts";
import { hex } from "../cache/digest.ts";
import { dropStaging, stagingFolder } from "../cache/durable.ts";
import { makeFolder, removeFolder } from "../cache/folders.ts";
import type { KeyRecord } from "../cache/keys.ts";
import { tryLock, whenFree } from "../cache/lock.ts";
import { filesOf, type Tree, type TreeFile, treeBytes, treeDigest } from "../cache/tree.ts";
import { concurrently } from "../concurrently.ts";
import { stepKey } from "../plan/key.ts";
import {
  DamagedError,
  type EntryList,
  keyObject,
  type ListedEntry,
  MOST_KEY_BYTES,
  MOST_LIST_BYTES,
  objectKey,
  PART_BYTES,
  type Places,
  type RemoteKey,
  readArtifactList,
  readEntryList,
  readRemoteKey,
  sha256,
} from "./format.ts";
import type { Known } from "./known.ts";
import type { PatientStore } from "./patience.ts";

export interface FetchOptions {
  readonly cache: Cache;
  readonly store: PatientStore;
  readonly known: Known;
  readonly signal: AbortSignal;
  /** Bytes of `total` that have come. */
  onProgress(done: number, total: number): void;
}

/** A result that is here now, all that its record names. */
export interface FetchedResult {
  readonly record: KeyRecord;
  readonly originInput?: string;
  /** That came. */
  readonly bytes: number;
}

/** Objects that are fetched at a time: they are in memory until they are on disk. */
const AT_ONCE = 4;

/**
 * Brings a result from a remote. All is checked on arrival, by the digest under
 * which it was looked for; what has come stays when a transfer is cut.
 *
 * @returns `undefined` where there is none.
 * @throws DamagedError where something is not what it should be: nothing of it is used.
 */
export async function fetchResult(key: string, options: FetchOptions): Promise<FetchedResult | undefined> {
  const { cache, store } = options;
  const bytes = await store.read(keyObject(hex(key)), MOST_KEY_BYTES);
  if (bytes === undefined) return undefined;
  const remote = readRemoteKey(bytes);
  const { record } = remote;
  // The record may say what it likes: only what follows from its fields counts.
  const own = stepKey({ name: record.type, version: record.version }, record.params, record.inputs);
  if (record.key !== key || own !== key) throw new DamagedError("the record is of another key");
  const lists = await listsOf(remote, options);
  const meter = newMeter(lists, options);
  for (const { digest, tree, places } of lists.artifacts) {
    if (!cache.artifacts.complete(digest)) await bringArtifact({ digest, tree, places }, meter, options);
  }
  for (const list of lists.entries) await bringEntries(list, meter, options);
  const { origin, ...others } = record;
  // A folder of another machine's is not looked for.
  const lost = cache.missing(origin?.kind === "folder" ? others : record);
  if (lost !== undefined) throw new DamagedError(`${lost} did not come with it`);
  const { originInput } = remote;
  return { record, ...(originInput === undefined ? {} : { originInput }), bytes: meter.done() };
}

interface Lists {
  readonly artifacts: readonly { readonly digest: string; readonly tree: Tree; readonly places: Places }[];
  readonly entries: readonly EntryList[];
}

async function listsOf({ record, artifacts, entries }: RemoteKey, options: FetchOptions): Promise<Lists> {
  const { cache } = options;
  const read = async (name: string): Promise<Uint8Array> => objectOf(name, MOST_LIST_BYTES, options);
  const found: Lists["artifacts"][number][] = [];
  for (const [digest, name] of Object.entries(artifacts)) {
    if (cache.artifacts.complete(digest)) continue;
    const list = await readArtifactList(await read(name));
    if (treeDigest(list.tree) !== digest) throw new DamagedError("a list of files is of another output");
    found.push({ digest, ...list });
  }
  const isHere = record.leans.every(({ store, entry }) => cache.stores.complete(store, entry));
  const lists: EntryList[] = [];
  for (const name of isHere ? [] : entries) lists.push(await readEntryList(await read(name)));
  return { artifacts: found, entries: lists };
}

/** An object, whose name says what is in it. */
async function objectOf(name: string, most: number, { store }: FetchOptions): Promise<Uint8Array> {
  const bytes = await store.read(objectKey(name), most);
  if (bytes === undefined) throw new DamagedError(`the object ${name.slice(0, 12)} is not there`, name);
  if (sha256(bytes) !== name) throw new DamagedError(`the object ${name.slice(0, 12)} is damaged`, name);
  return bytes;
}

interface Meter {
  add(bytes: number): void;
  done(): number;
}

function newMeter({ artifacts, entries }: Lists, { onProgress, cache }: FetchOptions): Meter {
  const lacking = entries.flatMap((list) => list.entries.filter((one) => !isHere(one, cache)));
  const total = [...artifacts.map(({ tree }) => tree), ...lacking.map(({ record }) => record.files)].reduce(
    (sum, tree) => sum + treeBytes(tree),
    0,
  );
  let done = 0;
  return {
    done: () => done,
    add(bytes) {
      done += bytes;
      onProgress(done, total);
    },
  };
}

function isHere({ store, entry }: ListedEntry, { stores }: Cache): boolean {
  return stores.complete(store, entry);
}

/** Into a folder that is gone on with where a transfer was cut; one process at a time fills it. */
async function bringArtifact(
  { digest, tree, places }: Lists["artifacts"][number],
  meter: Meter,
  options: FetchOptions,
): Promise<void> {
  const { cache, signal } = options;
  const lock = `sha256:${sha256(Buffer.from(`incoming ${digest}`))}`;
  const { release } = await whenFree(() => tryLock(cache.folder, lock), { signal, onWait() {} });
  const staging = stagingFolder(cache.folder);
  try {
    // Another may have brought it meanwhile.
    if (cache.artifacts.complete(digest)) return;
    const folder = join(cache.folder, "incoming", hex(digest));
    const made = { name: "what was fetched", folder, scratch: staging, author: "program" } as const;
    // What an earlier transfer left may have been torn by a crash: then all of it comes anew, once.
    for (let tries = existsSync(folder) ? 2 : 1; tries > 0; tries--) {
      makeFolder(cache.folder, folder);
      await fill(folder, tree, places, meter, options);
      if ((await cache.artifacts.publish(made)).digest === digest) return;
      removeFolder(folder);
    }
    throw new DamagedError("an output is not what its list says");
  } finally {
    dropStaging(staging);
    release();
  }
}

async function bringEntries(list: EntryList, meter: Meter, options: FetchOptions): Promise<void> {
  const { stores } = options.cache;
  for (const [id, name] of Object.entries(list.stores)) {
    if (stores.id(name) !== id) throw new DamagedError("a store has another name than its id says");
  }
  // What several entries have in one object is fetched once.
  const packs = newPacks(options);
  await concurrently(list.entries, AT_ONCE, async (one) => {
    const { store, entry, record } = one;
    const name = list.stores[store];
    if (isHere(one, options.cache)) return;
    if (name === undefined) throw new DamagedError("a store entry is of no store");
    const isWhole = await stores.receive(store, name, entry, record, (folder) =>
      fill(folder, record.files, list.places, meter, options, packs),
    );
    if (!isWhole) throw new DamagedError("a store entry is not what its list says");
  });
}

/** Objects in memory, the latest few. */
interface Packs {
  get(name: string): Promise<Uint8Array>;
}

function newPacks(options: FetchOptions): Packs {
  const held = new Map<string, Promise<Uint8Array>>();
  return {
    get(name) {
      const known = held.get(name) ?? objectOf(name, PART_BYTES, options);
      held.delete(name);
      held.set(name, known);
      for (const oldest of held.keys()) if (held.size > AT_ONCE) held.delete(oldest);
      return known;
    },
  };
}

/** Writes the files of a tree that are not there whole. */
async function fill(
  folder: string,
  tree: Tree,
  places: Places,
  meter: Meter,
  options: FetchOptions,
  packs = newPacks(options),
): Promise<void> {
  for (const entry of tree) {
    const path = join(folder, entry.path);
    mkdirSync("folder" in entry ? path : dirname(path), { recursive: true });
  }
  // In the order in which they lie there, so that an object is fetched once.
  const files = filesOf(tree)
    .filter(({ path, bytes }) => sizeOf(join(folder, path)) !== bytes || bytes === 0)
    .map((file) => ({ file, parts: places.files[file.digest] ?? [] }))
    .sort((a, b) => (a.parts[0]?.[0] ?? 0) - (b.parts[0]?.[0] ?? 0));
  for (const { file, parts } of files) {
    const sum = parts.reduce((all, [, , bytes]) => all + bytes, 0);
    if (sum !== file.bytes) throw new DamagedError(`nothing says where ${file.path} is`);
  }
  await concurrently(files, AT_ONCE, async ({ file, parts }) => {
    options.signal.throwIfAborted();
    const path = join(folder, file.path);
    await writeParts(path, parts, { packs, places, meter });
    if (file.executable) chmodSync(path, 0o755);
  });
  const objects = places.packs;
  options.known.add(
    filesOf(tree).map(({ digest }) => [
      digest,
      (places.files[digest] ?? []).map(
        ([pack, from, bytes]) => [objects[pack] as string, from, bytes] as const,
      ),
    ]),
  );
}

interface Writing {
  readonly packs: Packs;
  readonly places: Places;
  readonly meter: Meter;
}

/** From the first part on that is not there. */
async function writeParts(
  path: string,
  parts: Places["files"][string],
  { packs, places, meter }: Writing,
): Promise<void> {
  const there = sizeOf(path) ?? 0;
  const file = await open(path, there > 0 ? "r+" : "w");
  try {
    let at = 0;
    for (const [pack, from, bytes] of parts) {
      if (at + bytes > there) {
        const content = (await packs.get(places.packs[pack] as string)).subarray(from, from + bytes);
        if (content.length !== bytes) throw new DamagedError("an object is shorter than its list says");
        await file.write(content, 0, bytes, at);
      }
      at += bytes;
      meter.add(bytes);
    }
    await file.truncate(at);
  } finally {
    await file.close();
  }
}

function sizeOf(path: string): TreeFile["bytes"] | undefined {
  return statSync(path, { throwIfNoEntry: false })?.size;
}
