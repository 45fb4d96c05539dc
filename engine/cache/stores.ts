import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync } from "node:fs";
import { chmod, writeFile } from "node:fs/promises";
import { arch, cpus } from "node:os";
import { join } from "node:path";
import { byCodeUnit, canonicalJson, isObject, type Json, type JsonObject } from "../json.ts";
import type { CondensedEntry, Condenser, PublishedEntry, StoreEntry, WriteEntry } from "../store.ts";
import { hasSizes } from "./artifacts.ts";
import { dropStaging, publishFile, publishFolder, setAside, stagingFolder, syncFiles } from "./durable.ts";
import { folderMode } from "./folders.ts";
import { takeIn } from "./gate.ts";
import { type Found, goodOf, isShortage, readRecord, recordFormat } from "./records.ts";
import { type Indexed, readStoreIndex, stampOf, WORTH_KEEPING, writeStoreIndex } from "./store-index.ts";
import { checkTree, fileDigest, filesOf, type Tree, type TreeFile, treeDigest } from "./tree.ts";

/**
 * Durable folders of entries, shared by all executions that agree on what names
 * them. On disk: `stores/<id>/store.json` (the name) and
 * `stores/<id>/<entry>/entry.json` beside the entry's files.
 */
export interface Stores {
  /** The id of the store with this name. The name must hold whatever can change a byte of an entry. */
  id(name: JsonObject): string;
  entries(id: string): readonly StoreEntry[];
  /** The same entries, condensed; of those that were condensed before, their record is not read again. */
  condensed(id: string, condenser: Condenser): Promise<readonly CondensedEntry[]>;
  /** Absolute path of an entry. */
  path(id: string, entry: string): string;
  /** What an entry says of itself; `undefined` where it is not there whole. */
  record(id: string, entry: string): EntryRecord | undefined;
  /** What the store's id stands for; `undefined` where that is not written there. */
  nameOf(id: string): JsonObject | undefined;
  /** The files that an entry should hold; `undefined` where there is no such entry. */
  files(id: string, entry: string): readonly TreeFile[] | undefined;
  /** An entry by the name that it was to be published under; `undefined` where there is none that is complete. */
  find(id: string, entry: string): StoreEntry | undefined;
  /** Whether the entry is there and its files have the recorded sizes. */
  complete(id: string, entry: string): boolean;
  /** Reads every entry, and takes those out of the way whose files are not what they record. */
  verify(id: string): Promise<void>;
  /**
   * Publishes a folder that `write` fills. Where an entry of that name stands
   * already it stays; one of a newer flow too, and then this one gets another name.
   */
  publish(id: string, name: JsonObject, entry: string, write: WriteEntry): Promise<PublishedEntry>;
  /**
   * The same for one that was made elsewhere.
   *
   * @param fill fills its folder.
   * @returns false where what is in it is not what the record says; then nothing is published.
   */
  receive(
    id: string,
    name: JsonObject,
    entry: string,
    made: EntryRecord,
    fill: (folder: string) => Promise<void>,
  ): Promise<boolean>;
  drop(id: string, entry: string): Promise<void>;
}

/** `entry.json`: makes an entry self-describing, and damage visible. */
export interface EntryRecord {
  readonly format: number;
  readonly about: JsonObject;
  readonly files: Tree;
  readonly computedBy: string;
}

const entryName = /^[A-Za-z0-9][A-Za-z0-9_-]*$/;

export function openStores(cache: string): Stores {
  const folderOf = (id: string): string => join(cache, "stores", id);
  const pathOf = (id: string, entry: string): string => join(folderOf(id), entry);
  const namesIn = (id: string): readonly string[] =>
    existsSync(folderOf(id)) ? readdirSync(folderOf(id)).sort(byCodeUnit) : [];
  const lookAt = (id: string, entry: string): StoreEntry | undefined => {
    const record = goodOf(findEntry(pathOf(id, entry)));
    return record && { store: id, name: entry, path: pathOf(id, entry), about: record.about };
  };
  const entries = (id: string): readonly StoreEntry[] =>
    namesIn(id).flatMap((entry) => lookAt(id, entry) ?? []);
  /** An entry of a newer flow keeps its name. */
  const freeName = (id: string, entry: string): string =>
    findEntry(pathOf(id, entry)).kind === "newer" ? `${entry}-${recordFormat}` : entry;

  /** Publishes what `make` fills a folder with; `undefined` where that is not what it was to be. */
  const place = async (
    { id, name, entry }: { readonly id: string; readonly name: JsonObject; readonly entry: string },
    make: (folder: string) => Promise<Pick<EntryRecord, "about" | "computedBy"> & { readonly files?: Tree }>,
  ): Promise<PublishedEntry | undefined> => {
    if (!entryName.test(entry)) throw new Error(`"${entry}" cannot name a store entry`);
    const staging = stagingFolder(cache);
    try {
      const staged = join(staging, "entry");
      mkdirSync(staged);
      const { about, computedBy, files: expected } = await make(staged);
      const files = await takeIn(staged, {
        name: `store entry ${entry}`,
        author: "step",
        scratch: staging,
        folderMode: folderMode(cache),
      });
      if (expected !== undefined && treeDigest(expected) !== treeDigest(files)) return undefined;
      const record: EntryRecord = { format: recordFormat, about, files, computedBy };
      await writeFile(join(staged, "entry.json"), JSON.stringify(record));
      // Not by the mode of creation, which a umask narrows.
      await chmod(join(staged, "entry.json"), 0o444);
      await syncFiles(staged, [...filesOf(files).map((file) => file.path), "entry.json"]);
      const description = join(folderOf(id), "store.json");
      if (!existsSync(description)) await publishFile(cache, description, `${canonicalJson(name)}\n`);
      const free = freeName(id, entry);
      const path = pathOf(id, free);
      let isOwn = await publishFolder(cache, staged, path);
      if (!isOwn && !(await isWhole(path))) {
        await setAside(cache, path);
        isOwn = await publishFolder(cache, staged, path);
      }
      return { store: id, name: free, path, about, isOwn };
    } finally {
      dropStaging(staging);
    }
  };

  return {
    id: idOf,
    path: pathOf,
    entries,
    async condensed(id, condenser) {
      const known = readStoreIndex(cache, id, condenser.kind);
      const found = new Map<string, Indexed>();
      let anew = 0;
      for (const entry of namesIn(id)) {
        const path = pathOf(id, entry);
        const old = known.get(entry);
        const stamp = stampOf(path);
        if (old !== undefined && old.stamp === stamp && hasSizes(path, old.files)) {
          found.set(entry, old);
          continue;
        }
        const record = goodOf(findEntry(path));
        if (record === undefined || stamp === undefined) continue;
        found.set(entry, { ...condenser.condense(record.about), stamp, files: record.files });
        anew++;
      }
      // It only saves work: where it cannot be kept, these entries are read again.
      if (anew >= WORTH_KEEPING) await writeStoreIndex(cache, id, condenser.kind, found).catch(() => {});
      return [...found].map(([name, { note, bytes }]) => ({
        ...{ store: id, name, path: pathOf(id, name), note, bytes },
      }));
    },
    files(id, entry) {
      const record = goodOf(readRecord(join(pathOf(id, entry), "entry.json"), checkEntry));
      return record && filesOf(record.files);
    },
    record: (id, entry) => goodOf(findEntry(pathOf(id, entry))),
    nameOf(id) {
      const name = goodOf(
        readRecord(join(folderOf(id), "store.json"), (json) => (isObject(json) ? json : undefined)),
      );
      return name !== undefined && idOf(name) === id ? name : undefined;
    },
    find: (id, entry) => lookAt(id, freeName(id, entry)),
    complete: (id, entry) => findEntry(pathOf(id, entry)).kind === "good",
    async verify(id) {
      for (const entry of entries(id)) if (!(await isWhole(entry.path))) await setAside(cache, entry.path);
    },
    async publish(id, name, entry, write) {
      const computedBy = `${arch()} ${cpus()[0]?.model ?? ""}`.trim();
      const published = await place({ id, name, entry }, async (folder) => ({
        about: await write(folder),
        computedBy,
      }));
      if (published === undefined) throw new Error(`${entry} was to be whatever it is`);
      return published;
    },
    async receive(id, name, entry, made, fill) {
      const { about, computedBy, files } = made;
      const published = await place({ id, name, entry }, async (folder) => {
        await fill(folder);
        return { about, computedBy, files };
      });
      return published?.name === entry;
    },
    // By rename first: a half-deleted entry must not look like one.
    drop: (id, entry) => setAside(cache, pathOf(id, entry)),
  };
}

function idOf(name: JsonObject): string {
  return createHash("sha256").update(canonicalJson(name)).digest("hex");
}

function findEntry(path: string): Found<EntryRecord> {
  return readRecord(join(path, "entry.json"), (json) => {
    const record = checkEntry(json);
    return record !== undefined && hasSizes(path, record.files) ? record : undefined;
  });
}

/** Whether an entry's files have the recorded digests. */
async function isWhole(path: string): Promise<boolean> {
  const record = goodOf(findEntry(path));
  if (record === undefined) return false;
  for (const file of filesOf(record.files)) {
    if (!(await hasDigest(join(path, file.path), file))) return false;
  }
  return true;
}

async function hasDigest(path: string, { bytes, digest }: TreeFile): Promise<boolean> {
  try {
    return (await fileDigest(path, bytes)) === digest;
  } catch (error) {
    if (isShortage(error)) throw error;
    return false;
  }
}

/** What was read as `entry.json`, where it is one. */
export function checkEntry(json: Json): EntryRecord | undefined {
  if (!isObject(json) || !isObject(json.about) || typeof json.computedBy !== "string") return undefined;
  const files = checkTree(json.files ?? null);
  return files && { format: recordFormat, about: json.about, files, computedBy: json.computedBy };
}
