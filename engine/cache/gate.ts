import {
  type BigIntStats,
  chmodSync,
  lstatSync,
  readdirSync,
  readlinkSync,
  realpathSync,
  statSync,
} from "node:fs";
import { access, chmod, constants, copyFile, rename, rmdir } from "node:fs/promises";
import { join, sep } from "node:path";
import { byCodeUnit } from "../json.ts";
import { entriesOf } from "./listing.ts";
import { isShortage } from "./records.ts";
import { fileDigest, type Tree, TreeError, type TreeFile, type TreeFolder } from "./tree.ts";

/** Whose output it is. A `program`'s executable files and empty folders count and stay; a `step`'s files are plain. */
export type Author = "program" | "step";

export interface GateOptions {
  readonly author: Author;
  /** What people know the folder by: `output table`. */
  readonly name: string;
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
  const found = lookAt(folder, options.name);
  let copies = 0;
  for (const { full, path, stat, copyOf } of found) {
    if (stat.isDirectory()) {
      if (!(await setMode(full, options.folderMode)) && !(await isOpen(full)))
        throw new TreeError(`${options.name} holds ${path}, a folder of another user's`);
      continue;
    }
    if (copyOf !== undefined) {
      const copy = join(options.scratch, `copy-${copies++}`);
      await copyFile(copyOf, copy);
      await rename(copy, full);
    }
    await setMode(full, isExecutable(stat, options.author) ? 0o555 : 0o444);
  }
  await setMode(folder, options.folderMode);
  if (options.author === "step") await dropEmptyFolders(found);
  return hashed(found, options.author);
}

/**
 * What stands under a name that was taken in once, hashed anew; `undefined` where it is no such thing any more.
 *
 * @throws where the system is out of open files or memory.
 */
export async function readBack(folder: string, author: Author): Promise<Tree | undefined> {
  try {
    return await hashed(lookAt(folder, folder), author);
  } catch (error) {
    if (isShortage(error)) throw error;
    // Whatever else is wrong with it: it is not what its name says.
    return undefined;
  }
}

/** False where a mode is not this user's to set, or the disk has none: what it protects from is noticed all the same. */
async function setMode(path: string, mode: number): Promise<boolean> {
  try {
    await chmod(path, mode);
    return true;
  } catch (error) {
    const { code = "" } = error as NodeJS.ErrnoException;
    if (["EPERM", "ENOTSUP", "EOPNOTSUPP", "ENOSYS"].includes(code)) return false;
    throw error;
  }
}

function isOpen(folder: string): Promise<boolean> {
  const { R_OK, W_OK, X_OK } = constants;
  return access(folder, R_OK | W_OK | X_OK).then(
    () => true,
    () => false,
  );
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
function lookAt(folder: string, name: string): readonly Found[] {
  const top = lstatSync(folder, { bigint: true, throwIfNoEntry: false });
  if (top === undefined) throw new TreeError(`the folder of ${name} is not there any more`);
  if (!top.isDirectory()) throw new TreeError(`the folder of ${name} was replaced by something else`);
  const found: Found[] = [];
  const real = realpathSync(folder);
  const visit = (prefix: string, stat: BigIntStats): void => {
    const here = join(folder, prefix);
    // A program may have locked itself out.
    if ((stat.mode & 0o700n) !== 0o700n && isOwn(stat)) chmodSync(here, Number(stat.mode & 0o7777n) | 0o700);
    for (const entry of entriesOf(here, prefix === "" ? name : `${name}: ${prefix}`)) {
      const path = prefix === "" ? entry.name : `${prefix}/${entry.name}`;
      const one = lookAtEntry({ full: join(here, entry.name), path, root: real, name });
      found.push(one);
      if (one.stat.isDirectory()) visit(path, one.stat);
    }
  };
  visit("", top);
  return found.sort((a, b) => byCodeUnit(a.path, b.path));
}

interface Entry {
  readonly full: string;
  readonly path: string;
  /** Real path of the folder that all of it lies in. */
  readonly root: string;
  readonly name: string;
}

function lookAtEntry({ full, path, root, name }: Entry): Found {
  const stat = lstatSync(full, { bigint: true });
  if (stat.isDirectory()) return { path, full, stat };
  if (stat.isFile())
    return { path, full, stat, ...(stat.nlink === 1n && isOwn(stat) ? {} : { copyOf: full }) };
  if (!stat.isSymbolicLink()) {
    throw new TreeError(`${name} holds ${path}, which is neither a file nor a folder`);
  }
  const where = `${name} holds a symbolic link, ${path} → ${readlinkSync(full)}`;
  const target = targetOf(full);
  if (target === undefined) throw new TreeError(`${where}, which leads nowhere`);
  const real = realpathSync(full);
  if (!real.startsWith(root + sep))
    throw new TreeError(`${where}, which leaves the output: copy what it leads to`);
  if (!target.isFile()) throw new TreeError(`${where}, which is no link to a file: copy what it leads to`);
  return { path, full, stat: target, copyOf: real };
}

/** Whether a mode is this user's to set: containers leave files of root's. */
function isOwn({ uid }: BigIntStats): boolean {
  const user = process.geteuid?.() ?? 0;
  return user === 0 || uid === BigInt(user);
}

function targetOf(link: string): BigIntStats | undefined {
  try {
    return statSync(link, { bigint: true });
  } catch (error) {
    const { code = "" } = error as NodeJS.ErrnoException;
    if (code === "ENOENT" || code === "ENOTDIR" || code === "ELOOP") return undefined;
    throw error;
  }
}

/** Folders do not count in what a step of flow's own makes: two executions must not differ by one. */
async function dropEmptyFolders(found: readonly Found[]): Promise<void> {
  // Those within come behind those above.
  for (const { full, stat } of [...found].reverse()) {
    if (stat.isDirectory() && readdirSync(full).length === 0) await rmdir(full);
  }
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
