import {
  existsSync,
  linkSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fromWord, isAlive, ownIdentity, toWord } from "../process-identity.ts";
import { hex } from "./digest.ts";
import { dropStaging, stagingFolder } from "./durable.ts";
import { makeFolder, shareFile } from "./folders.ts";

export interface LockOptions {
  readonly signal: AbortSignal;
  /** Called once when another process holds the lock. */
  onWait(owner: string): void;
}

const HEARTBEAT_MS = 10_000;
const DEAD_AFTER_MS = 60_000;

/**
 * Holds a key while it is computed, across processes, so that work is not done
 * twice. Correctness never depends on it: where locks cannot be made, there is
 * none. Returns the release.
 */
export async function lockKey(cache: string, key: string, options: LockOptions): Promise<() => void> {
  const folder = join(cache, "locks");
  const path = join(folder, hex(key));
  makeFolder(cache, folder);
  const staging = stagingFolder(cache);
  const mine = join(staging, "lock");
  writeFileSync(mine, toWord(ownIdentity()));
  shareFile(cache, mine);
  let waited = false;
  try {
    for (;;) {
      options.signal.throwIfAborted();
      if (appear(mine, path)) break;
      const owner = readOwner(path);
      if (owner === undefined) continue;
      if (isDead(path, owner)) {
        if (takeAway(path, owner, join(staging, "dead"))) continue;
        return () => {};
      }
      if (!waited) options.onWait(describe(owner));
      waited = true;
      await sleep(100, undefined, { signal: options.signal });
    }
  } finally {
    dropStaging(staging);
  }
  const beat = setInterval(() => touch(path), HEARTBEAT_MS);
  beat.unref();
  return () => {
    clearInterval(beat);
    if (readOwner(path) === toWord(ownIdentity())) rmSync(path, { force: true });
  };
}

/** Removes the locks of dead owners, whose keys nobody may ever ask for again. */
export function sweepLocks(cache: string): void {
  const folder = join(cache, "locks");
  if (!existsSync(folder)) return;
  for (const name of readdirSync(folder)) {
    const path = join(folder, name);
    const owner = readOwner(path);
    if (owner === undefined || !isDead(path, owner)) continue;
    const staging = stagingFolder(cache);
    try {
      takeAway(path, owner, join(staging, "dead"));
    } finally {
      dropStaging(staging);
    }
  }
}

/**
 * Gives a file a second name that nobody has; false where somebody does. A hard
 * link appears with its content or not at all. Where the disk has none the file
 * is created and then written: whoever reads it in between sees no owner yet.
 */
function appear(from: string, to: string): boolean {
  try {
    linkSync(from, to);
    return true;
  } catch (error) {
    const { code = "" } = error as NodeJS.ErrnoException;
    if (code === "EEXIST") return false;
    if (!["EPERM", "ENOTSUP", "EOPNOTSUPP", "ENOSYS", "EMLINK", "EXDEV"].includes(code)) throw error;
  }
  try {
    writeFileSync(to, readFileSync(from), { flag: "wx" });
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EEXIST") return false;
    // One without an owner would hold others up until its time stood still long enough.
    rmSync(to, { force: true });
    throw error;
  }
}

function readOwner(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    // One that cannot be read has an owner all the same.
    return (error as NodeJS.ErrnoException).code === "ENOENT" ? undefined : "";
  }
}

function isDead(path: string, owner: string): boolean {
  const identity = fromWord(owner);
  const alive = identity === undefined ? undefined : isAlive(identity);
  if (alive !== undefined) return !alive;
  const stat = statSync(path, { throwIfNoEntry: false });
  return stat !== undefined && Date.now() - stat.mtimeMs > DEAD_AFTER_MS;
}

/**
 * Removes a dead owner's lock. By rename, so that one taker wins; a living
 * owner's, caught by mistake, goes back. False where the system refuses: in a
 * folder with the sticky bit only a file's owner may remove it.
 */
function takeAway(path: string, owner: string, aside: string): boolean {
  try {
    renameSync(path, aside);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "ENOENT";
  }
  // What is left of it goes with its staging folder.
  if (readOwner(aside) !== owner) appear(aside, path);
  return true;
}

function touch(path: string): void {
  try {
    utimesSync(path, new Date(), new Date());
  } catch {
    // The lock was taken away: it only saved work.
  }
}

function describe(owner: string): string {
  const identity = fromWord(owner);
  return identity === undefined ? "another process" : `process ${identity.pid} on ${identity.host}`;
}
