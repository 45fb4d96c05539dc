import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";

/** Bits that make a folder one of a group's: group may write, files take its group. */
const SHARED = 0o2020;

/**
 * Makes a folder of the cache, and what is missing above it. In a cache that a
 * group shares (setgid, or writable for the group) new folders take its mode,
 * whatever the umask of whoever makes them.
 */
export function makeFolder(cache: string, path: string): void {
  if (!isFolder(cache)) {
    makeFolders(cache);
    markCache(cache);
  }
  const first = makeFolders(path);
  if (first === undefined) return;
  const mode = folderMode(cache);
  if ((mode & SHARED) === 0) return;
  for (let made = path; made.length >= first.length; made = dirname(made)) chmodSync(made, mode);
}

/**
 * Makes a folder and what is missing above it. Node's own `recursive` never
 * returns where the system says that a folder in which there is one is not there,
 * as Linux does below /proc.
 *
 * @returns the first that was made.
 */
export function makeFolders(path: string): string | undefined {
  try {
    mkdirSync(path);
    return path;
  } catch (error) {
    if (isFolder(path)) return undefined;
    const isParentMissing = (error as NodeJS.ErrnoException).code === "ENOENT" && !isFolder(dirname(path));
    if (!isParentMissing) throw error;
  }
  const first = makeFolders(dirname(path));
  const last = makeFolders(path);
  return first ?? last;
}

/** Signature of the Cache Directory Tagging Specification (bford.info/cachedir), which backup tools honour. */
const cacheTag = "Signature: 8a477f597d28d172789f06886806bc55\n# This folder is a cache made by flow.\n";

/** Keeps a cache out of backups and out of git, from its first file on. A convenience: never fails. */
export function markCache(cache: string): void {
  const marks = { "CACHEDIR.TAG": cacheTag, ".gitignore": "*\n" };
  for (const [name, content] of Object.entries(marks)) {
    try {
      if (!existsSync(join(cache, name))) writeFileSync(join(cache, name), content);
    } catch {
      // The next run tries again.
    }
  }
}

/** The mode that folders of a cache have: its own, and always open to whoever made it. */
export function folderMode(cache: string): number {
  return (statSync(cache).mode & 0o7777) | 0o700;
}

/** Makes a record readable for those who share the cache, whatever the umask of whoever wrote it. */
export function shareFile(cache: string, path: string): void {
  if ((folderMode(cache) & SHARED) !== 0) chmodSync(path, 0o664);
}

/**
 * Deletes a folder with all that is in it, also where a program took its own
 * rights on it away. Links are deleted, never followed.
 */
export function removeFolder(path: string): void {
  try {
    rmSync(path, { recursive: true, force: true });
  } catch {
    openFolders(path);
    rmSync(path, { recursive: true, force: true });
  }
}

function openFolders(path: string): void {
  const stat = lstatSync(path, { throwIfNoEntry: false });
  if (stat?.isDirectory() !== true) return;
  if ((stat.mode & 0o700) !== 0o700) chmodSync(path, (stat.mode & 0o7777) | 0o700);
  for (const entry of readdirSync(path, { withFileTypes: true })) {
    if (entry.isDirectory()) openFolders(join(path, entry.name));
  }
}

function isFolder(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() === true;
}
