import { createHash } from "node:crypto";
import { type BigIntStats, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { concurrently } from "../concurrently.ts";
import { byCodeUnit, isObject, type Json } from "../json.ts";
import { dropStaging, publishFile, stagingFolder } from "./durable.ts";
import type { SourceFilter } from "./ignore.ts";
import { isCount, readOwnRecord, recordFormat } from "./records.ts";
import { type FileStat, fingerprintOf, listSource, statOf } from "./source-files.ts";
import { fileDigest, type TreeFile } from "./tree.ts";

/** Digests of what users keep outside the cache, remembered by path, size, times and inode. */
export interface Sources {
  /** A file or folder as it is now; `undefined` where nothing is there. */
  read(path: string): Promise<Source | undefined>;
  /** Some files of a folder, which are there. */
  read(folder: string, files: readonly string[]): Promise<Source>;
  /** md5 of a file as it is now. */
  md5(path: string): Promise<string>;
}

/** A source as it was when it was read. */
export interface Source {
  /** In code-unit order of the paths. */
  readonly files: readonly TreeFile[];
  readonly stats: ReadonlyMap<string, FileStat>;
  /** Of all `stats`. */
  readonly fingerprint: string;
}

/** A file by its path under the source. */
interface Remembered extends FileStat {
  readonly digest: string;
}

/** A file touched this short a time ago could change again within one tick of its clock: it is not remembered. */
const RACY_NS = 2_000_000_000n;

export function openSources(cache: string, filter: SourceFilter): Sources {
  const read = async (path: string, some?: readonly string[]): Promise<Source | undefined> => {
    const paths = some === undefined ? listSource(path, filter) : [...some].sort(byCodeUnit);
    // Each choice of files has an index of its own: two networks in one folder do not forget each other.
    const purpose = some ? `sha256 of ${JSON.stringify(paths)} in` : "sha256";
    return paths && hashAll({ cache, root: path, paths, purpose });
  };
  return {
    read: read as Sources["read"],
    async md5(path) {
      const { files } = await hashAll({ cache, root: path, paths: [""], purpose: "md5" });
      return files[0]?.digest ?? "";
    },
  };
}

interface Hashing {
  readonly cache: string;
  readonly root: string;
  readonly paths: readonly string[];
  /** The algorithm; what follows keeps indexes of one path apart. */
  readonly purpose: string;
}

async function hashAll({ cache, root, paths, purpose }: Hashing): Promise<Source> {
  const [algorithm = ""] = purpose.split(" ");
  const name = createHash("sha256").update(`${purpose} ${root}`).digest("hex").slice(0, 32);
  const { value, path } = readOwnRecord(join(cache, "index", `${name}.json`), checkIndex);
  const known = value ?? new Map<string, Remembered>();
  const next = new Map<string, Remembered>();
  const stats: FileStat[] = new Array(paths.length);
  const files: TreeFile[] = new Array(paths.length);
  let isRacy: ((stat: BigIntStats) => boolean) | undefined;
  let changed = 0;

  await concurrently(paths, 8, async (file, at) => {
    const full = file === "" ? root : join(root, file);
    const before = statOf(statSync(full, { bigint: true }));
    const old = known.get(file);
    if (old !== undefined && isSame(old, before)) {
      next.set(file, old);
      stats[at] = before;
      files[at] = { path: file, digest: old.digest, bytes: before.bytes };
      return;
    }
    const digest = await fileDigest(full, before.bytes, algorithm);
    const last = statSync(full, { bigint: true });
    const after = statOf(last);
    stats[at] = after;
    files[at] = { path: file, digest, bytes: after.bytes };
    isRacy ??= racyBy(cache);
    if (isSame(after, before) && !isRacy(last)) {
      next.set(file, { ...after, digest });
      changed++;
    }
  });
  if (changed > 0 || known.size !== next.size) {
    // The index only saves work: where it cannot be kept, the next run hashes again.
    await publishFile(cache, path, formatIndex(root, next)).catch(() => {});
  }
  const state = new Map(paths.map((file, at) => [file, stats[at] as FileStat]));
  return { files, stats: state, fingerprint: fingerprintOf(state) };
}

/**
 * Tells files that were touched just now. By the clock of the disk they are on,
 * where the cache is on it too; else by that of this machine, which may be ahead.
 */
function racyBy(cache: string): (stat: BigIntStats) => boolean {
  const disk = diskTime(cache);
  const local = BigInt(Date.now()) * 1_000_000n - RACY_NS;
  return ({ dev, mtimeNs, ctimeNs }) => {
    const since = (dev === disk?.dev ? disk.mtimeNs : local) - RACY_NS;
    return mtimeNs > since || ctimeNs > since;
  };
}

/** The device of the cache and its time, as a file written now tells them; `undefined` where nothing can be written. */
function diskTime(cache: string): BigIntStats | undefined {
  try {
    const staging = stagingFolder(cache);
    try {
      const file = join(staging, "clock");
      writeFileSync(file, "");
      return statSync(file, { bigint: true });
    } finally {
      dropStaging(staging);
    }
  } catch {
    return undefined;
  }
}

export function isSame(a: FileStat, b: FileStat): boolean {
  return a.bytes === b.bytes && a.mtime === b.mtime && a.inode === b.inode && a.ctime === b.ctime;
}

/** [size, mtime in ns, inode, digest, ctime in ns] of each file. */
function formatIndex(root: string, files: ReadonlyMap<string, Remembered>): string {
  const entries = [...files].map(([path, { bytes, mtime, inode, digest, ctime }]) => [
    path,
    [bytes, String(mtime), String(inode), digest, String(ctime)],
  ]);
  return JSON.stringify({ format: recordFormat, path: root, files: Object.fromEntries(entries) });
}

function checkIndex(json: Json): Map<string, Remembered> | undefined {
  if (!isObject(json) || !isObject(json.files)) return undefined;
  const files = new Map<string, Remembered>();
  for (const [path, entry] of Object.entries(json.files)) {
    if (!Array.isArray(entry)) return undefined;
    const [bytes, mtime, inode, digest, ctime] = entry as readonly Json[];
    // An older flow wrote no ctime: such a file is hashed once more.
    if (ctime === undefined) continue;
    if (!isCount(bytes) || !isHex(digest) || ![mtime, inode, ctime].every(isWhole)) return undefined;
    files.set(path, {
      bytes,
      mtime: BigInt(mtime as string),
      inode: BigInt(inode as string),
      ctime: BigInt(ctime as string),
      digest,
    });
  }
  return files;
}

function isWhole(json: Json | undefined): json is string {
  return typeof json === "string" && /^-?\d{1,20}$/.test(json);
}

function isHex(json: Json | undefined): json is string {
  return typeof json === "string" && /^[0-9a-f]{32,64}$/.test(json);
}
