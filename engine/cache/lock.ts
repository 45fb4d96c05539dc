import {
  linkSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { hex } from "./digest.ts";
import { stagingFolder } from "./durable.ts";
import { fromWord, isAlive, ownIdentity, toWord } from "./process-identity.ts";

export interface LockOptions {
  readonly signal: AbortSignal;
  /** Called once when another process holds the lock. */
  onWait(owner: string): void;
}

const HEARTBEAT_MS = 10_000;
const DEAD_AFTER_MS = 60_000;

/**
 * Holds a key while it is computed, across processes, so that work is not done
 * twice. Correctness never depends on it. Returns the release.
 */
export async function lockKey(cache: string, key: string, options: LockOptions): Promise<() => void> {
  const folder = join(cache, "locks");
  const path = join(folder, hex(key));
  mkdirSync(folder, { recursive: true });
  const staging = await stagingFolder(cache);
  const mine = join(staging, "lock");
  writeFileSync(mine, toWord(ownIdentity()));
  let waited = false;
  try {
    for (;;) {
      options.signal.throwIfAborted();
      if (link(mine, path)) break;
      const owner = readOwner(path);
      if (owner === undefined) continue;
      if (isDead(path, owner)) {
        takeAway(path, owner, join(staging, "dead"));
        continue;
      }
      if (!waited) options.onWait(describe(owner));
      waited = true;
      await sleep(100, undefined, { signal: options.signal });
    }
  } finally {
    rmSync(staging, { recursive: true, force: true });
  }
  const beat = setInterval(() => touch(path), HEARTBEAT_MS);
  beat.unref();
  return () => {
    clearInterval(beat);
    if (readOwner(path) === toWord(ownIdentity())) rmSync(path, { force: true });
  };
}

/** A hard link appears with its content or not at all, unlike a file that is created and then written. */
function link(from: string, to: string): boolean {
  try {
    linkSync(from, to);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EEXIST") return false;
    throw error;
  }
}

function readOwner(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return undefined;
  }
}

function isDead(path: string, owner: string): boolean {
  const identity = fromWord(owner);
  const alive = identity === undefined ? undefined : isAlive(identity);
  if (alive !== undefined) return !alive;
  const stat = statSync(path, { throwIfNoEntry: false });
  return stat !== undefined && Date.now() - stat.mtimeMs > DEAD_AFTER_MS;
}

/** Removes a dead owner's lock. By rename, so that one taker wins; a living owner's, caught by mistake, goes back. */
function takeAway(path: string, owner: string, aside: string): void {
  try {
    renameSync(path, aside);
  } catch {
    return;
  }
  if (readOwner(aside) !== owner) link(aside, path);
  rmSync(aside, { force: true });
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
  return identity === undefined ? owner : `process ${identity.pid} on ${identity.host}`;
}
