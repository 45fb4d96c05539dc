import { createHash } from "node:crypto";
import { type BigIntStats, readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { byCodeUnit } from "../json.ts";
import type { SourceFilter } from "./ignore.ts";
import { entriesOf } from "./listing.ts";
import { TreeError } from "./tree.ts";

/**
 * The regular files of a source, POSIX and relative, in code-unit order; links
 * are followed. `[""]` for a file; `undefined` where nothing is there.
 *
 * @throws TreeError for what is neither file nor folder, for circles of links and links to nothing.
 */
export function listSource(path: string, filter: SourceFilter): readonly string[] | undefined {
  const stat = statSync(path, { throwIfNoEntry: false });
  if (stat === undefined) return undefined;
  if (stat.isFile()) return [""];
  // Reading from a FIFO or a device may never end.
  if (!stat.isDirectory()) throw new TreeError(`${path} is neither a file nor a folder`);
  const known = listings.get(path);
  if (known?.filter === filter.name && known.folders.every(isUntouched)) return known.files;
  const files: string[] = [];
  const folders: Folder[] = [];
  const walk = (prefix: string, above: readonly string[]): void => {
    const folder = join(path, prefix);
    folders.push({ path: folder, state: stateOf(folder) });
    // By number, not by real path: what a link leads to may have a name that is not UTF-8.
    const { dev, ino } = statSync(folder, { bigint: true });
    const identity = `${dev} ${ino}`;
    if (above.includes(identity)) throw new TreeError(`${folder} links back to a folder above it`);
    for (const entry of entriesOf(folder)) {
      const inner = prefix === "" ? entry.name : `${prefix}/${entry.name}`;
      const full = join(folder, entry.name);
      const kind = entry.isSymbolicLink() ? statSync(full, { throwIfNoEntry: false }) : entry;
      // A hidden link to nothing is a program's lock, not data.
      if (kind === undefined && entry.name.startsWith(".")) continue;
      if (filter.leavesOut({ name: entry.name, full, isFolder: kind?.isDirectory() === true }, path))
        continue;
      if (kind === undefined) throw new TreeError(`${full} links to nothing`);
      if (kind.isDirectory()) walk(inner, [...above, identity]);
      else if (kind.isFile()) files.push(inner);
      else throw new TreeError(`${full} is neither a file nor a folder`);
    }
  };
  walk("", []);
  files.sort(byCodeUnit);
  listings.set(path, { filter: filter.name, folders, files });
  return files;
}

interface Folder {
  readonly path: string;
  /** `undefined` where it may still change unseen. */
  readonly state: string | undefined;
}

/**
 * Listings of this process. Whatever is added to a folder, removed or renamed
 * moves the folder's times: while none has moved, the list is what it was.
 */
const listings = new Map<
  string,
  { readonly filter: string; readonly folders: readonly Folder[]; readonly files: readonly string[] }
>();

/** A folder touched this short a time ago could change again within one tick of its clock. */
const RACY_NS = 2_000_000_000n;

/** By the inode's own time too: the other one can be set back, and a link can lead to a copy that has it. */
function stateOf(folder: string): string | undefined {
  const stat = statSync(folder, { bigint: true, throwIfNoEntry: false });
  if (stat === undefined) return undefined;
  const { dev, ino, mtimeNs, ctimeNs } = stat;
  const isOld = ctimeNs < BigInt(Date.now()) * 1_000_000n - RACY_NS;
  return isOld ? [dev, ino, mtimeNs, ctimeNs].join(" ") : undefined;
}

function isUntouched({ path, state }: Folder): boolean {
  return state !== undefined && stateOf(path) === state;
}

/** What tells that a file was written to, or that another took its place. */
export interface FileStat {
  readonly bytes: number;
  /** Nanoseconds. */
  readonly mtime: bigint;
  readonly ctime: bigint;
  readonly inode: bigint;
}

export function statOf(stat: BigIntStats): FileStat {
  return { bytes: Number(stat.size), mtime: stat.mtimeNs, ctime: stat.ctimeNs, inode: stat.ino };
}

/** One word for the state of many files: equal words, and none of them was touched in between. */
export function fingerprintOf(files: Iterable<readonly [path: string, stat: FileStat]>): string {
  const all = [...files];
  const numbers = new BigUint64Array(4 * all.length);
  all.forEach(([, { bytes, mtime, ctime, inode }], at) => {
    numbers[4 * at] = BigInt(bytes);
    numbers[4 * at + 1] = mtime;
    numbers[4 * at + 2] = ctime;
    numbers[4 * at + 3] = inode;
  });
  return createHash("sha256")
    .update(all.map(([path]) => path).join("\0"))
    .update(new Uint8Array(numbers.buffer))
    .digest("hex");
}

/** The fingerprint of files as they are now; `undefined` where one is gone. */
export function fingerprint(folder: string, paths: readonly string[]): string | undefined {
  const files: [string, FileStat][] = [];
  for (const path of paths) {
    const stat = statSync(path === "" ? folder : join(folder, path), { bigint: true, throwIfNoEntry: false });
    if (stat === undefined) return undefined;
    files.push([path, statOf(stat)]);
  }
  return fingerprintOf(files);
}

/** The fingerprint of everything below a folder of the cache, folders included: also of what was added. */
export function folderFingerprint(folder: string): string | undefined {
  try {
    return fingerprint(folder, ["", ...pathsBelow(folder)]);
  } catch {
    return undefined;
  }
}

/** Everything below a folder, folders included, in code-unit order; links are not followed. */
export function pathsBelow(folder: string): readonly string[] {
  const paths: string[] = [];
  const walk = (prefix: string): void => {
    for (const entry of readdirSync(join(folder, prefix), { withFileTypes: true })) {
      const inner = prefix === "" ? entry.name : `${prefix}/${entry.name}`;
      paths.push(inner);
      if (entry.isDirectory()) walk(inner);
    }
  };
  walk("");
  return paths.sort(byCodeUnit);
}
