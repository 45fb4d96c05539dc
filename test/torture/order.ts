import type { Traced } from "./disturb.ts";

/**
 * Names that were given before what they stand for was on the disk, in words.
 *
 * Two rules. What is renamed into the cache was synced after it was last
 * changed: every file, and every folder. And when a key record appears, the
 * folders that hold what it may name have been synced since they took it.
 */
export function unsyncedNames(trace: readonly Traced[]): readonly string[] {
  const mistakes: string[] = [];
  const places = new Map<number, string>();
  replay(trace, {
    begins(line, disk) {
      const place = placeOf(line);
      if (place === undefined) return;
      for (const [name, inode] of line.moved ?? []) {
        if (!disk.has(inode)) mistakes.push(`${name} took a name in ${place} before it was synced`);
      }
      if (place !== "keys") return;
      for (const [folder, path] of places) {
        if (!disk.has(folder))
          mistakes.push(`${nameIn(line.path)} was written before ${nameIn(path)} was synced`);
      }
    },
    ends(line, folder) {
      if (folder && placeOf(line) !== undefined) places.set(folder, line.path ?? "");
    },
  });
  return mistakes;
}

/** Inodes of the files that a power cut after these calls may leave empty. */
export function unsyncedFiles(trace: readonly Traced[]): ReadonlySet<number> {
  return replay(trace, { begins() {}, ends() {} }).lacking();
}

interface Listener {
  begins(line: Traced, disk: Disk): void;
  /** @param folder inode of the folder that the call changed. */
  ends(line: Traced, folder: number | null | undefined): void;
}

/** Calls that change what a folder holds, beside what they do to the file. */
const naming = /^(copyFile|cp|link|mkdir|mkdtemp|open|rename|symlink|writeFile|appendFile)$/;
/** Calls that leave a file's own content as it is. */
const renaming = /^(link|rename|rm|rmdir|unlink|utimes|futimes|lutimes)$/;

function replay(trace: readonly Traced[], { begins, ends }: Listener): Disk {
  const disk = openDisk();
  const begun = new Map<string, { readonly line: Traced; readonly at: number }>();
  trace.forEach((line, at) => {
    if (line.begin !== undefined) {
      begun.set(`${line.process} ${line.begin}`, { line, at });
      begins(line, disk);
      return;
    }
    const start = begun.get(`${line.process} ${line.end}`);
    if (start === undefined) return;
    const { call = "" } = start.line;
    const [file, folder] = line.touched ?? [];
    if (call === "syncfs") disk.syncAll(start.at);
    else if (/sync$/.test(call)) disk.sync(file, start.at);
    else {
      if (!renaming.test(call)) disk.change(file, at);
      if (naming.test(call)) disk.change(folder, at);
      if (line.flushed) disk.sync(file, at);
    }
    ends(start.line, folder);
  });
  return disk;
}

function nameIn(path = ""): string {
  return path.replace(/^.*\/\.flow\//, "");
}

/** The folder of the cache in which a rename gives a name. */
function placeOf({ call, path = "" }: Traced): string | undefined {
  if (call !== "rename") return undefined;
  return /\/\.flow\/(artifacts|keys|stores|trees)\//.exec(path)?.[1];
}

/** What has reached the disk, by inode. */
interface Disk {
  /** What no call of flow's wrote, a program did: that was changed at the start. */
  has(inode: number): boolean;
  /** All that was changed and not synced since. */
  lacking(): ReadonlySet<number>;
  change(inode: number | null | undefined, at: number): void;
  /** @param since when the call began: what changed later need not be in it. */
  sync(inode: number | null | undefined, since: number): void;
  syncAll(since: number): void;
}

function openDisk(): Disk {
  const changed = new Map<number, number>();
  const synced = new Map<number, number>();
  let all = -1;
  const has = (inode: number): boolean => Math.max(all, synced.get(inode) ?? -1) >= (changed.get(inode) ?? 0);
  return {
    has,
    lacking: () => new Set([...changed.keys()].filter((inode) => !has(inode))),
    change(inode, at) {
      if (inode) changed.set(inode, at);
    },
    sync(inode, since) {
      if (inode) synced.set(inode, since);
    },
    syncAll(since) {
      all = since;
    },
  };
}
