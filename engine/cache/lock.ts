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

/** A lock that this process holds, or one that another has. */
export type Lock = Held | Taken;

export interface Held {
  readonly kind: "held";
  release(): void;
}

export interface Taken {
  readonly kind: "taken";
  /** Who has it, in words. */
  readonly owner: string;
  /** Resolves when it may be free: it was released, or a second has passed in which its owner may have died. */
  change(signal: AbortSignal): Promise<void>;
}

const HEARTBEAT_MS = 10_000;
const DEAD_AFTER_MS = 60_000;
/** To look whether a lock is still there reads one small file; whether its owner lives can take a process. */
const POLL_MS = 25;
const POLLS = 40;

/**
 * Takes a lock, unless another has it: held across processes while something is
 * computed, so that work is not done twice. Correctness never depends on it: where
 * locks cannot be made, there is none.
 *
 * @param digest of the name of what is computed: `sha256:<hex>`.
 */
export function tryLock(cache: string, digest: string): Lock {
  const folder = join(cache, "locks");
  const path = join(folder, hex(digest));
  for (;;) {
    const owner = readOwner(path);
    if (owner === undefined) {
      makeFolder(cache, folder);
      if (place(cache, path)) return { kind: "held", release: keepAlive(path) };
    } else if (!isDead(path, owner)) {
      return { kind: "taken", owner: describe(owner), change: (signal) => change(path, owner, signal) };
    } else if (!takeAway(cache, path, owner)) return { kind: "held", release: () => {} };
  }
}

export interface WaitOptions {
  readonly signal: AbortSignal;
  /** Called once when another process holds the lock. */
  onWait(owner: string): void;
}

/** Attempts something until no lock of another's is in its way. */
export async function whenFree<Done extends { readonly kind: string }>(
  attempt: () => Done | Taken | Promise<Done | Taken>,
  { signal, onWait }: WaitOptions,
): Promise<Done> {
  for (let waits = 0; ; waits++) {
    signal.throwIfAborted();
    const result = await attempt();
    if (!isTaken(result)) return result;
    if (waits === 0) onWait(result.owner);
    await result.change(signal);
  }
}

function isTaken(result: { readonly kind: string }): result is Taken {
  return result.kind === "taken";
}

/** Removes the locks of dead owners, whose keys nobody may ever ask for again. */
export function sweepLocks(cache: string): void {
  const folder = join(cache, "locks");
  if (!existsSync(folder)) return;
  for (const name of readdirSync(folder)) {
    const path = join(folder, name);
    const owner = readOwner(path);
    if (owner === undefined || !isDead(path, owner)) continue;
    takeAway(cache, path, owner);
  }
}

/** Puts a lock of this process in a place; false where one stands there. */
function place(cache: string, path: string): boolean {
  return withStaging(cache, (staging) => {
    const mine = join(staging, "lock");
    writeFileSync(mine, toWord(ownIdentity()));
    shareFile(cache, mine);
    return appear(mine, path);
  });
}

/** @returns what releases the lock. */
function keepAlive(path: string): () => void {
  const beat = setInterval(() => touch(path), HEARTBEAT_MS);
  beat.unref();
  return () => {
    clearInterval(beat);
    if (readOwner(path) === toWord(ownIdentity())) rmSync(path, { force: true });
  };
}

async function change(path: string, owner: string, signal: AbortSignal): Promise<void> {
  for (let poll = 0; poll < POLLS && readOwner(path) === owner; poll++) {
    await sleep(POLL_MS, undefined, { signal });
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
function takeAway(cache: string, path: string, owner: string): boolean {
  return withStaging(cache, (staging) => {
    const aside = join(staging, "dead");
    try {
      renameSync(path, aside);
    } catch (error) {
      return (error as NodeJS.ErrnoException).code === "ENOENT";
    }
    // What is left of it goes with its staging folder.
    if (readOwner(aside) !== owner) appear(aside, path);
    return true;
  });
}

function withStaging<Result>(cache: string, work: (staging: string) => Result): Result {
  const staging = stagingFolder(cache);
  try {
    return work(staging);
  } finally {
    dropStaging(staging);
  }
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
