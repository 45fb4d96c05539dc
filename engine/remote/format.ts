import { createHash } from "node:crypto";
import { promisify } from "node:util";
import { gunzip, gzip } from "node:zlib";
import { checkKeyRecord, type KeyRecord } from "../cache/keys.ts";
import { isCount, isDigest, recordFormat } from "../cache/records.ts";
import { checkEntry, type EntryRecord } from "../cache/stores.ts";
import { checkTree, type Tree } from "../cache/tree.ts";
import { isObject, type Json, type JsonObject } from "../json.ts";

/**
 * How results lie in a remote:
 *
 *   flow.json          its id, made once
 *   keys/<key>.json    `RemoteKey`: a key record and what it takes; written last
 *   objects/ab/<rest>  all else, by the sha256 of its bytes: parts of files, packs
 *                      of small ones, and gzipped lists of what lies where
 *
 * What is read is checked by the name under which it was looked for.
 */
export interface RemoteKey {
  readonly format: number;
  readonly record: KeyRecord;
  /** The input whose files the outputs only name; where they lie on another machine counts for nothing. */
  readonly originInput?: string;
  /** Objects with an `ArtifactList`, by the artifact's digest. */
  readonly artifacts: Readonly<Record<string, string>>;
  /** Objects with an `EntryList`: of all entries that the record leans on. */
  readonly entries: readonly string[];
}

/** What an artifact holds, and where. */
export interface ArtifactList {
  readonly tree: Tree;
  readonly places: Places;
}

/** The same of entries of stores. */
export interface EntryList {
  /** Names of the stores, by id. */
  readonly stores: Readonly<Record<string, JsonObject>>;
  readonly entries: readonly ListedEntry[];
  readonly places: Places;
}

export interface ListedEntry {
  readonly store: string;
  readonly entry: string;
  readonly record: EntryRecord;
}

/** Where the contents of files lie. */
export interface Places {
  /** Objects. */
  readonly packs: readonly string[];
  /** By digest of a file, in their order: which object, from which byte on, how many. */
  readonly files: Readonly<Record<string, readonly Part[]>>;
}

export type Part = readonly [pack: number, from: number, bytes: number];

/** Objects are no larger, but for lists. */
export const PART_BYTES = 16 << 20;
/** A record names as many lists as it has artifacts, and one for every 256 entries. */
export const MOST_KEY_BYTES = 64 << 20;
/** Of a million files. */
export const MOST_LIST_BYTES = 512 << 20;

/** What a remote holds is not what its name says: it is not used. */
export class DamagedError extends Error {
  override readonly name = "DamagedError";
  /** The object that is gone or damaged, where it is one. */
  readonly object?: string;
  constructor(message: string, object?: string) {
    super(message);
    if (object !== undefined) this.object = object;
  }
}

export function sha256(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}

export function objectKey(name: string): string {
  return `objects/${name.slice(0, 2)}/${name.slice(2)}`;
}

export function keyObject(hex: string): string {
  return `keys/${hex}.json`;
}

const compress = promisify(gzip);
const expand = promisify(gunzip);

/** The same list has the same bytes: no time is in it. */
export async function packList(list: ArtifactList | EntryList): Promise<Uint8Array> {
  return compress(JSON.stringify(list), { level: 6 });
}

/** @throws DamagedError */
export async function readArtifactList(bytes: Uint8Array): Promise<ArtifactList> {
  const { tree, places } = await unpacked(bytes);
  const checked = checkTree(tree ?? null);
  if (checked === undefined || !isPlaces(places)) throw new DamagedError("a list of files is not one");
  return { tree: checked, places };
}

/** @throws DamagedError */
export async function readEntryList(bytes: Uint8Array): Promise<EntryList> {
  const { stores, entries, places } = await unpacked(bytes);
  const isGood = isObject(stores) && Object.values(stores).every(isObject) && isPlaces(places);
  if (!isGood || !Array.isArray(entries)) throw new DamagedError("a list of store entries is not one");
  return {
    stores: stores as EntryList["stores"],
    places,
    entries: (entries as readonly Json[]).map((json): ListedEntry => {
      const { store, entry, record } = isObject(json) ? json : {};
      const checked = checkEntry(record ?? null);
      if (typeof store !== "string" || typeof entry !== "string" || checked === undefined)
        throw new DamagedError("a list of store entries is not one");
      return { store, entry, record: checked };
    }),
  };
}

/** @throws DamagedError where it is none, or of a newer flow. */
export function readRemoteKey(bytes: Uint8Array): RemoteKey {
  const json = parsed(bytes);
  if (!isObject(json)) throw new DamagedError("a key record is not one");
  const { format, record, originInput, artifacts, entries } = json;
  if (typeof format === "number" && format > recordFormat)
    throw new DamagedError("a key record is a newer flow's");
  const checked = checkKeyRecord(record ?? null);
  const isGood =
    checked !== undefined &&
    // It becomes part of a path.
    /^[A-Za-z0-9][A-Za-z0-9._-]*$/.test(checked.run) &&
    (originInput === undefined || typeof originInput === "string") &&
    isObject(artifacts) &&
    Object.entries(artifacts).every(([digest, name]) => isDigest(digest) && isObjectName(name)) &&
    Array.isArray(entries) &&
    (entries as readonly Json[]).every(isObjectName);
  if (!isGood) throw new DamagedError("a key record is not one");
  return json as unknown as RemoteKey;
}

async function unpacked(bytes: Uint8Array): Promise<JsonObject> {
  const json = await expand(bytes, { maxOutputLength: MOST_LIST_BYTES }).then(parsed, () => undefined);
  if (!isObject(json)) throw new DamagedError("a list is not one");
  return json;
}

function parsed(bytes: Uint8Array): Json | undefined {
  try {
    return JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes)) as Json;
  } catch {
    return undefined;
  }
}

function isPlaces(json: Json | undefined): json is Json & Places {
  if (!isObject(json)) return false;
  const { packs, files } = json;
  if (!Array.isArray(packs) || !(packs as readonly Json[]).every(isObjectName) || !isObject(files))
    return false;
  const isPart = (part: Json): boolean =>
    Array.isArray(part) && part.length === 3 && part.every(isCount) && (part[0] as number) < packs.length;
  return Object.values(files).every((parts) => Array.isArray(parts) && parts.every(isPart));
}

function isObjectName(json: Json | undefined): json is string {
  return typeof json === "string" && /^[0-9a-f]{64}$/.test(json);
}
