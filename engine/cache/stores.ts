import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { mkdir, rename, rm, writeFile } from "node:fs/promises";
import { arch, cpus } from "node:os";
import { join } from "node:path";
import { byCodeUnit, canonicalJson, type JsonObject } from "../json.ts";
import type { StoreEntry } from "../step-type.ts";
import { hasSizes, readStaged } from "./artifacts.ts";
import { publishFile, publishFolder, stagingFolder, syncFiles } from "./durable.ts";
import type { Tree } from "./tree.ts";

/**
 * Durable folders of entries, shared by all executions that agree on what names
 * them. On disk: `stores/<id>/store.json` (the name) and
 * `stores/<id>/<entry>/entry.json` beside the entry's files.
 */
export interface Stores {
  /** The id of the store with this name. The name must hold whatever can change a byte of an entry. */
  id(name: JsonObject): string;
  entries(id: string): readonly StoreEntry[];
  /** Whether the entry is there and its files have the recorded sizes. */
  complete(id: string, entry: string): boolean;
  publish(
    id: string,
    name: JsonObject,
    entry: string,
    write: (folder: string) => Promise<JsonObject>,
  ): Promise<StoreEntry & { readonly isOwn: boolean }>;
  drop(id: string, entry: string): Promise<void>;
}

/** `entry.json`: makes an entry self-describing, and damage visible. */
interface EntryRecord {
  readonly about: JsonObject;
  readonly files: Tree;
  readonly computedBy: string;
}

const entryName = /^[A-Za-z0-9][A-Za-z0-9_-]*$/;

export function openStores(cache: string): Stores {
  const folderOf = (id: string): string => join(cache, "stores", id);
  const pathOf = (id: string, entry: string): string => join(folderOf(id), entry);

  return {
    id: (name) => createHash("sha256").update(canonicalJson(name)).digest("hex"),
    entries(id) {
      if (!existsSync(folderOf(id))) return [];
      const found: StoreEntry[] = [];
      for (const entry of readdirSync(folderOf(id)).sort(byCodeUnit)) {
        const record = readEntry(pathOf(id, entry));
        if (record) found.push({ store: id, name: entry, path: pathOf(id, entry), about: record.about });
      }
      return found;
    },
    complete: (id, entry) => readEntry(pathOf(id, entry)) !== undefined,
    async publish(id, name, entry, write) {
      if (!entryName.test(entry)) throw new Error(`"${entry}" cannot name a store entry`);
      const staging = await stagingFolder(cache);
      try {
        const staged = join(staging, "entry");
        await mkdir(staged);
        const about = await write(staged);
        const files = await readStaged(staged);
        const record: EntryRecord = {
          about,
          files,
          computedBy: `${arch()} ${cpus()[0]?.model ?? ""}`.trim(),
        };
        await writeFile(join(staged, "entry.json"), JSON.stringify(record), { mode: 0o444 });
        await syncFiles(staged, [...files.map((file) => file.path), "entry.json"]);
        const description = join(folderOf(id), "store.json");
        if (!existsSync(description)) await publishFile(cache, description, `${canonicalJson(name)}\n`);
        const path = pathOf(id, entry);
        let isOwn = await publishFolder(staged, path);
        if (!isOwn && readEntry(path) === undefined) {
          await rename(path, join(staging, "damaged"));
          isOwn = await publishFolder(staged, path);
        }
        return { store: id, name: entry, path, about, isOwn };
      } finally {
        await rm(staging, { recursive: true, force: true });
      }
    },
    async drop(id, entry) {
      // By rename first: a half-deleted entry must not look like one.
      const staging = await stagingFolder(cache);
      await rename(pathOf(id, entry), join(staging, "dropped"));
      await rm(staging, { recursive: true, force: true });
    },
  };
}

function readEntry(path: string): EntryRecord | undefined {
  try {
    const record = JSON.parse(readFileSync(join(path, "entry.json"), "utf8")) as EntryRecord;
    return hasSizes(path, record.files) ? record : undefined;
  } catch {
    return undefined;
  }
}
