import { createHash } from "node:crypto";
import { type BigIntStats, existsSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { concurrently } from "../concurrently.ts";
import { byCodeUnit } from "../json.ts";
import { publishFile } from "./durable.ts";
import { fileDigest, listFiles, type Tree, type TreeFile } from "./tree.ts";

/** Digests of what users keep outside the cache, remembered by path, size, mtime and inode. */
export interface Sources {
  /** The tree of a file or folder as it is now; `undefined` where nothing is there. */
  read(path: string): Promise<Tree | undefined>;
  /** The tree of some files of a folder, which are there. */
  read(folder: string, files: readonly string[]): Promise<Tree>;
  /** md5 of a file as it is now. */
  md5(path: string): Promise<string>;
}

/** [size, mtime in ns, inode, digest] of a file, by its path under the source. */
type Remembered = Record<string, readonly [number, string, string, string]>;

/** A file younger than this could change again within one tick of its clock: it is not remembered. */
const RACY_NS = 1_000_000_000n;

export function openSources(cache: string): Sources {
  const read = async (path: string, files?: readonly string[]): Promise<Tree | undefined> => {
    if (files !== undefined) return hashAll(cache, path, [...files].sort(byCodeUnit), "sha256 of some");
    const stat = statSync(path, { bigint: true, throwIfNoEntry: false });
    if (stat === undefined) return undefined;
    return hashAll(cache, path, stat.isDirectory() ? listFiles(path) : [""], "sha256");
  };
  return {
    read: read as Sources["read"],
    async md5(path) {
      const [file] = await hashAll(cache, path, [""], "md5");
      return file?.digest ?? "";
    },
  };
}

async function hashAll(
  cache: string,
  root: string,
  paths: readonly string[],
  purpose: string,
): Promise<Tree> {
  const [algorithm = ""] = purpose.split(" ");
  const name = createHash("sha256").update(`${purpose} ${root}`).digest("hex").slice(0, 32);
  const index = join(cache, "index", `${name}.json`);
  const known = readIndex(index);
  const next: Remembered = Object.create(null);
  const tree: TreeFile[] = new Array(paths.length);
  const now = BigInt(Date.now()) * 1_000_000n;
  let changed = 0;

  await concurrently(paths, 8, async (path, at) => {
    const full = path === "" ? root : join(root, path);
    const before = statSync(full, { bigint: true });
    const old = known[path];
    const bytes = Number(before.size);
    if (old !== undefined && sameStat(old, before)) {
      next[path] = old;
      tree[at] = { path, digest: old[3], bytes };
      return;
    }
    const digest = await fileDigest(full, bytes, algorithm);
    const after = statSync(full, { bigint: true });
    const entry = [Number(after.size), String(after.mtimeNs), String(after.ino), digest] as const;
    tree[at] = { path, digest, bytes: entry[0] };
    if (sameStat(entry, before) && after.mtimeNs + RACY_NS < now) {
      next[path] = entry;
      changed++;
    }
  });
  if (changed > 0 || Object.keys(known).length !== Object.keys(next).length) {
    await publishFile(cache, index, JSON.stringify({ path: root, files: next }));
  }
  return tree;
}

function sameStat(entry: readonly [number, string, string, string], stat: BigIntStats): boolean {
  return entry[0] === Number(stat.size) && entry[1] === String(stat.mtimeNs) && entry[2] === String(stat.ino);
}

function readIndex(path: string): Remembered {
  if (!existsSync(path)) return Object.create(null);
  try {
    const { files } = JSON.parse(readFileSync(path, "utf8")) as { files: Remembered };
    return Object.assign(Object.create(null), files);
  } catch {
    // The index only saves work: one that cannot be read is as good as none.
    return Object.create(null);
  }
}
