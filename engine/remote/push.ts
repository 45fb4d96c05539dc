import { join } from "node:path";
import type { Cache } from "../cache/cache.ts";
import { hex } from "../cache/digest.ts";
import type { KeyRecord } from "../cache/keys.ts";
import { recordFormat } from "../cache/records.ts";
import { filesOf } from "../cache/tree.ts";
import type { JsonObject } from "../json.ts";
import { CacheError } from "../step-type.ts";
import {
  DamagedError,
  keyObject,
  type ListedEntry,
  MOST_KEY_BYTES,
  MOST_LIST_BYTES,
  objectKey,
  packList,
  type RemoteKey,
  readArtifactList,
  readEntryList,
  readRemoteKey,
  sha256,
} from "./format.ts";
import type { Known } from "./known.ts";
import { type FileToSend, openPacker } from "./pack.ts";
import type { PatientStore } from "./patience.ts";

/** A result, as its key record names it. */
export interface ResultToPush {
  readonly record: KeyRecord;
  /** See `RemoteKey`. */
  readonly originInput?: string;
}

export interface PushOptions {
  readonly cache: Cache;
  readonly store: PatientStore;
  readonly known: Known;
  /** Whether what is known to be there is looked for. */
  readonly isChecked: boolean;
  /** Whether a key record, or an object, is known to be damaged there. */
  isDamaged(name: string): boolean;
  /** Called when bytes have been sent. */
  onSent(bytes: number): void;
}

/** Entries that one list names: when a few are added, most lists stay what they were. */
const LISTED_ENTRIES = 256;

/**
 * Sends a result: contents of files, lists of these, and last the key record. What
 * was sent before a transfer was cut is there, and is not sent again.
 *
 * @returns whether the key record is new there.
 * @throws CacheError where something of it is gone or damaged here.
 */
export async function pushResult(
  { record, originInput }: ResultToPush,
  options: PushOptions,
): Promise<boolean> {
  const { cache, store, known, isDamaged, onSent } = options;
  const key = keyObject(hex(record.key));
  if (!isDamaged(record.key) && (await isThere(key, options))) return false;
  const send = async (name: string, bytes: Uint8Array): Promise<void> => {
    if (isDamaged(name)) await store.overwrite(objectKey(name), bytes);
    else if (!(await store.write(objectKey(name), bytes))) return;
    onSent(bytes.length);
  };
  const packer = openPacker(known, send);
  const artifacts = artifactsOf(record).map((digest) => artifactToSend(digest, cache));
  const groups = entryGroups(record, cache);
  for (const { files } of [...artifacts, ...groups]) {
    if (options.isChecked) await forgetGone(files, options);
    await packer.add(files);
  }
  await packer.finish();

  const sendList = async (list: Parameters<typeof packList>[0]): Promise<string> => {
    const bytes = await packList(list);
    const name = sha256(bytes);
    await send(name, bytes);
    return name;
  };
  const lists: [string, string][] = [];
  for (const { digest, tree, files } of artifacts) {
    lists.push([digest, await sendList({ tree, places: packer.places(files) })]);
  }
  const entries: string[] = [];
  for (const { stores, listed, files } of groups) {
    entries.push(await sendList({ stores, entries: listed, places: packer.places(files) }));
  }
  const remote: RemoteKey = {
    format: recordFormat,
    record,
    ...(originInput === undefined ? {} : { originInput }),
    artifacts: Object.fromEntries(lists),
    entries,
  };
  const bytes = Buffer.from(`${JSON.stringify(remote)}\n`);
  const isNew = await store.write(key, bytes);
  if (isNew) onSent(bytes.length);
  else if (isDamaged(record.key) || options.isChecked) await store.overwrite(key, bytes);
  return true;
}

/** Where it is checked, also all that it names. */
async function isThere(key: string, { store, isChecked }: PushOptions): Promise<boolean> {
  if (!isChecked) return store.has(key);
  const bytes = await store.read(key, MOST_KEY_BYTES);
  if (bytes === undefined) return false;
  try {
    const { artifacts, entries } = readRemoteKey(bytes);
    const packs = new Set<string>();
    const listed = async (name: string): Promise<Uint8Array> =>
      (await store.read(objectKey(name), MOST_LIST_BYTES)) ?? new Uint8Array();
    for (const name of Object.values(artifacts)) {
      for (const pack of (await readArtifactList(await listed(name))).places.packs) packs.add(pack);
    }
    for (const name of entries) {
      for (const pack of (await readEntryList(await listed(name))).places.packs) packs.add(pack);
    }
    for (const name of packs) if (!(await store.has(objectKey(name)))) return false;
    return true;
  } catch (error) {
    if (error instanceof DamagedError) return false;
    throw error;
  }
}

async function forgetGone(files: readonly FileToSend[], { store, known }: PushOptions): Promise<void> {
  const objects = new Set(files.flatMap(({ digest }) => (known.get(digest) ?? []).map(([name]) => name)));
  for (const name of objects) if (!(await store.has(objectKey(name)))) known.forget(name);
}

/** All that the record names, or is nothing without. */
function artifactsOf({ outputs, origin }: KeyRecord): readonly string[] {
  const digests = Object.values(outputs).map(({ digest }) => digest);
  return [...new Set([...digests, ...(origin?.kind === "artifact" ? [origin.digest] : [])])];
}

function artifactToSend(digest: string, { artifacts }: Cache) {
  const tree = artifacts.tree(digest);
  if (tree === undefined || !artifacts.complete(digest))
    throw new CacheError("an output is gone or damaged in the cache: nothing of the step is sent");
  const folder = artifacts.path(digest);
  const files = filesOf(tree).map((file) => ({ ...file, path: join(folder, file.path), of: "an output" }));
  return { digest, tree, files };
}

interface EntryGroup {
  readonly stores: Readonly<Record<string, JsonObject>>;
  readonly listed: readonly ListedEntry[];
  readonly files: readonly FileToSend[];
}

function entryGroups({ leans }: KeyRecord, { stores }: Cache): readonly EntryGroup[] {
  const groups: EntryGroup[] = [];
  for (let at = 0; at < leans.length; at += LISTED_ENTRIES) {
    const names: Record<string, JsonObject> = {};
    const files: FileToSend[] = [];
    const listed = leans.slice(at, at + LISTED_ENTRIES).map(({ store, entry }): ListedEntry => {
      const record = stores.record(store, entry);
      const name = stores.nameOf(store);
      if (record === undefined || name === undefined)
        throw new CacheError("a store entry is gone or damaged in the cache: nothing of the step is sent");
      names[store] = name;
      const folder = stores.path(store, entry);
      for (const file of filesOf(record.files))
        files.push({ ...file, path: join(folder, file.path), of: "a store entry" });
      return { store, entry, record };
    });
    groups.push({ stores: names, listed, files });
  }
  return groups;
}
