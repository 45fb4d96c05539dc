import { lstatSync, readdirSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import type { Cache } from "../cache/cache.ts";
import { setAside } from "../cache/durable.ts";
import { isShortage } from "../cache/records.ts";
import { folderFingerprint, pathsBelow } from "../cache/source-files.ts";
import { fileDigest, type Tree } from "../cache/tree.ts";
import type { Task } from "./task.ts";

/**
 * Looks again at what a step was given. What was written to is taken out of the
 * cache, so that the next run makes it anew.
 *
 * @param since when the step began, nanoseconds by the clock of the cache's
 *   disk: what was written to later counts also where its content is back to
 *   what it was. Without it only the content counts.
 * @returns a sentence for each folder that is not what it was.
 */
export async function findDamage(
  cache: Cache,
  inputs: Task["inputs"],
  since?: bigint,
): Promise<readonly string[]> {
  const sentences = new Set<string>();
  for (const { path, fingerprint, name } of Object.values(inputs).flatMap(({ watched }) => watched ?? [])) {
    if (folderFingerprint(path) === fingerprint) continue;
    const file = await changedPath({ folder: path, ...recordOf(cache, path), since });
    if (file === undefined) continue;
    await setAside(cache.folder, path);
    sentences.add(
      `${file === "" ? name : `${file} of ${name}`} changed while the step ran: a program wrote into what it was ` +
        `given to read. ${name} is taken out of the cache; run the same command again to make it anew`,
    );
  }
  return [...sentences];
}

interface Looking {
  readonly folder: string;
  /** What it should hold, where a record of that is kept. */
  readonly tree: Tree | undefined;
  /** A file beside that. */
  readonly description?: string;
  readonly since: bigint | undefined;
}

function recordOf(cache: Cache, path: string): Pick<Looking, "tree" | "description"> {
  const digest = `sha256:${basename(path)}`;
  if (path === cache.artifacts.path(digest)) return { tree: cache.artifacts.tree(digest) };
  const tree = cache.stores.files(basename(dirname(path)), basename(path));
  return { tree, description: "entry.json" };
}

/**
 * The first path that is not what was recorded, or was written to; "" where the
 * folder itself is gone or closed. `undefined` where only other names for the
 * files, or bits of their modes that do not count, came and went.
 */
async function changedPath({ folder, tree, description, since }: Looking): Promise<string | undefined> {
  if (tree === undefined) return "";
  const left = new Map(tree.map((entry) => [entry.path, entry]));
  let at = "";
  try {
    if (!lstatSync(folder).isDirectory()) return "";
    for (at of pathsBelow(folder)) {
      if (at === description) continue;
      const entry = left.get(at);
      left.delete(at);
      if (await isChanged({ folder, path: at, entry, since })) return at;
    }
  } catch (error) {
    if (isShortage(error)) throw error;
    // What cannot be looked at is not as it was left.
    return at;
  }
  return left.keys().next().value;
}

interface Place {
  readonly folder: string;
  readonly path: string;
  /** As it was recorded. */
  readonly entry: Tree[number] | undefined;
  readonly since: bigint | undefined;
}

async function isChanged({ folder, path, entry, since }: Place): Promise<boolean> {
  const full = join(folder, path);
  const stat = lstatSync(full, { bigint: true });
  const isNew = since !== undefined && stat.mtimeNs >= since;
  // Of folders only empty ones are recorded; what went out of one is missed by its own name.
  if (stat.isDirectory()) return entry === undefined && isNew && readdirSync(full).length === 0;
  if (!stat.isFile() || entry === undefined || "folder" in entry || isNew) return true;
  const isExecutable = (stat.mode & 0o100n) !== 0n;
  if (isExecutable !== (entry.executable === true) || stat.size !== BigInt(entry.bytes)) return true;
  return (await fileDigest(full, entry.bytes)) !== entry.digest;
}
