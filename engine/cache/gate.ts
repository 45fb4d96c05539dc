import {
  type BigIntStats,
  chmodSync,
  lstatSync,
  readdirSync,
  readlinkSync,
  realpathSync,
  statSync,
} from "node:fs";
import { chmod, copyFile, rename } from "node:fs/promises";
import { join, sep } from "node:path";
import { byCodeUnit } from "../json.ts";
import { entriesOf } from "./listing.ts";
import { fileDigest, type Tree, TreeError, type TreeFile, type TreeFolder } from "./tree.ts";

/** Whose output it is. A `program`'s executable files and empty folders count and stay; a `step`'s files are plain. */
export type Author = "program" | "step";

export interface GateOptions {
  readonly author: Author;
  /** Where copies are made before they take a name: on the same file system. */
  readonly scratch: string;
  /** Of the folders of the cache: a read-only one could be neither renamed nor deleted. */
  readonly folderMode: number;
}

/**
 * The one gate for what enters an artifact or a store. Looks at every component
 * before it changes any: a link out of the folder, a link to a folder, anything
 * that is neither file nor folder is refused by name. A link to a file inside,
 * and a file that has another name elsewhere (a hard link), are replaced by a
 * copy, so that nothing is changed which was not made here. Then files become
 * read-only and are hashed.
 *
 * @throws TreeError naming what is refused.
 */
export async function takeIn(folder: string, options: GateOptions): Promise<Tree> {
  const found = lookAt(folder);
  let copies = 0;
  for (const { full, stat, copyOf } of found) {
    if (stat.isDirectory()) {
      await chmod(full, options.folderMode);
      continue;
    }
    if (copyOf !== undefined) {
      const copy = join(options.scratch, `copy-${copies++}`);
      await copyFile(copyOf, copy);
      await rename(copy, full);
    }
    await chmod(full, isExecutable(stat, options.author) ? 0o555 : 0o444);
  }
  await chmod(folder, options.folderMode);
  return hashed(found, options.author);
}

/** What stands under a name that was taken in once, hashed anew; `undefined` where it is no such thing any more. */
export async function readBack(folder: string, author: Author): Promise<Tree | undefined> {
  try {
    return await hashed(lookAt(folder), author);
  } catch {
    // Whatever is wrong with it: it is not what its name says.
    return undefined;
  }
}

interface Found {
  /** POSIX, relative. */
  readonly path: string;
  /** Absolute. */
  readonly full: string;
  /** Of the file itself, or of the one that a link leads to. */
  readonly stat: BigIntStats;
  /** Absolute path of the file whose content takes its place. */
  readonly copyOf?: string;
}

/** Everything below a folder, in code-unit order of the paths. */
function lookAt(folder: string): readonly Found[] {
  const top = lstatSync(folder, { bigint: true, throwIfNoEntry: false });
  if (top === undefined) throw new TreeError(`the output folder ${folder} is not there any more`);
  if (!top.isDirectory()) throw new TreeError(`the output folder ${folder} was replaced by something else`);
  const found: Found[] = [];
  const real = realpathSync(folder);
  const visit = (prefix: string, stat: BigIntStats): void => {
    const here = join(folder, prefix);
    // A program may have locked itself out.
    if ((stat.mode & 0o700n) !== 0o700n) chmodSync(here, Number(stat.mode & 0o7777n) | 0o700);
    for (const { name } of entriesOf(here)) {
      const path = prefix === "" ? name : `${prefix}/${name}`;
      const entry = lookAtEntry(join(here, name), path, real);
      found.push(entry);
      if (entry.stat.isDirectory()) visit(path, entry.stat);
    }
  };
  visit("", top);
  return found.sort((a, b) => byCodeUnit(a.path, b.path));
}

function lookAtEntry(full: string, path: string, root: string): Found {
  const stat = lstatSync(full, { bigint: true });
  if (stat.isDirectory()) return { path, full, stat };
  if (stat.isFile()) return { path, full, stat, ...(stat.nlink > 1n ? { copyOf: full } : {}) };
  if (!stat.isSymbolicLink()) {
    throw new TreeError(`the output holds ${path}, which is neither a file nor a folder`);
  }
  const target = statSync(full, { bigint: true, throwIfNoEntry: false });
  const where = `the output holds a symbolic link, ${path} → ${readlinkSync(full)}`;
  if (target === undefined) throw new TreeError(`${where}, which leads nowhere`);
  const real = realpathSync(full);
  if (!real.startsWith(root + sep))
    throw new TreeError(`${where}, which leaves the output: copy what it leads to`);
  if (!target.isFile()) throw new TreeError(`${where}, which is no link to a file: copy what it leads to`);
  return { path, full, stat: target, copyOf: real };
}

async function hashed(found: readonly Found[], author: Author): Promise<Tree> {
  const tree: (TreeFile | TreeFolder)[] = [];
  for (const { path, full, stat } of found) {
    if (stat.isDirectory()) {
      if (author === "program" && readdirSync(full).length === 0) tree.push({ path, folder: true });
      continue;
    }
    const bytes = Number(stat.size);
    const digest = await fileDigest(full, bytes);
    const executable = isExecutable(stat, author);
    tree.push({ path, digest, bytes, ...(executable ? { executable } : {}) });
  }
  return tree;
}

function isExecutable(stat: BigIntStats, author: Author): boolean {
  return author === "program" && (stat.mode & 0o100n) !== 0n;
}
