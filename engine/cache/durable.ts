import { execFile } from "node:child_process";
import { utimesSync } from "node:fs";
import { chmod, open, rename, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { ownIdentity, toWord } from "../process-identity.ts";
import { makeFolder, removeFolder, shareFile } from "./folders.ts";

/** How often the owner of a staging folder shows that it lives, to whoever cannot see its process. */
const HEARTBEAT_MS = 60_000;

let serial = 0;
const held = new Set<string>();
let isBeating = false;

/** A new folder under `staging/` whose name tells its owner, so that only a dead owner's is swept. */
export function stagingFolder(cache: string): string {
  const folder = join(cache, "staging", `${toWord(ownIdentity())}~${serial++}`);
  makeFolder(cache, folder);
  held.add(folder);
  if (!isBeating) setInterval(showLife, HEARTBEAT_MS).unref();
  isBeating = true;
  return folder;
}

/** Gives a staging folder up, with what is left in it. */
export function dropStaging(folder: string): void {
  held.delete(folder);
  removeFolder(folder);
}

function showLife(): void {
  const now = new Date();
  for (const folder of held) {
    try {
      utimesSync(folder, now, now);
    } catch {
      held.delete(folder);
    }
  }
}

/** Writes a file so that its name means complete content, whatever happens: stage, fsync, rename. */
export async function publishFile(
  cache: string,
  path: string,
  content: string | Iterable<Uint8Array>,
): Promise<void> {
  const folder = stagingFolder(cache);
  try {
    const staged = join(folder, "file");
    await writeFile(staged, content, { flush: true });
    shareFile(cache, staged);
    makeFolder(cache, dirname(path));
    await takeName(cache, staged, path);
    await syncFolder(dirname(path));
  } finally {
    dropStaging(folder);
  }
}

/** Also in the place of a folder, which is no record. */
async function takeName(cache: string, staged: string, path: string): Promise<void> {
  try {
    await rename(staged, path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EISDIR") throw error;
    await setAside(cache, path);
    await rename(staged, path);
  }
}

/**
 * Renames a finished folder into place; false where something of that name
 * stands already. The content must have been synced before.
 */
export async function publishFolder(cache: string, staged: string, path: string): Promise<boolean> {
  makeFolder(cache, dirname(path));
  try {
    await rename(staged, path);
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    if (code === "ENOTEMPTY" || code === "EEXIST" || code === "ENOTDIR") return false;
    throw error;
  }
  await syncFolder(dirname(path));
  return true;
}

/** Moves what stands under a name out of its way and deletes it; nothing where it is gone already. */
export async function setAside(cache: string, path: string): Promise<void> {
  const staging = stagingFolder(cache);
  try {
    await moveAway(path, join(staging, "aside"));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
  } finally {
    dropStaging(staging);
  }
}

/** A folder that is closed to its owner cannot be moved to another. */
async function moveAway(path: string, aside: string): Promise<void> {
  try {
    await rename(path, aside);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EACCES") throw error;
    await chmod(path, 0o700);
    await rename(path, aside);
  }
}

/** Brings files and their folders to the disk: one by one where they are few, the whole file system where they are many. */
export async function syncFiles(root: string, paths: readonly string[]): Promise<void> {
  if (paths.length > 64 && (await syncFileSystem(root))) return;
  const folders = new Set([root]);
  for (const path of paths) {
    const full = join(root, path);
    await syncPath(full);
    for (let folder = dirname(full); folder.length > root.length; folder = dirname(folder)) {
      folders.add(folder);
    }
  }
  for (const folder of folders) await syncFolder(folder);
}

function syncFileSystem(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    // GNU sync; elsewhere the option is unknown and the files are synced one by one.
    execFile("sync", ["-f", path], (error) => resolve(error === null));
  });
}

async function syncFolder(path: string): Promise<void> {
  try {
    await syncPath(path);
  } catch (error) {
    // Some file systems refuse to open or sync a folder; the rename is as durable there as it gets.
    const code = (error as NodeJS.ErrnoException).code;
    if (code !== "EISDIR" && code !== "EINVAL" && code !== "EPERM") throw error;
  }
}

async function syncPath(path: string): Promise<void> {
  const file = await open(path, "r");
  try {
    await file.sync();
  } finally {
    await file.close();
  }
}
