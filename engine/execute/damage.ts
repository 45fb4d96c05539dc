import { statSync } from "node:fs";
import { join } from "node:path";
import { setAside } from "../cache/durable.ts";
import { readBack } from "../cache/gate.ts";
import { folderFingerprint } from "../cache/source-files.ts";
import { filesOf } from "../cache/tree.ts";
import type { Watched } from "./task.ts";

/** The store's or artifact's own record of its files, where one is kept. */
export type Expected = (path: string) => ReadonlyMap<string, string> | undefined;

/**
 * Looks again at what a step was given. What was written to is taken out of the
 * cache, so that the next run makes it anew.
 *
 * @param since when the step began, nanoseconds by the clock of the cache's disk.
 * @returns a sentence for each folder that is not what it was.
 */
export async function findDamage(
  cache: string,
  watched: readonly Watched[],
  since: bigint,
  expected: Expected,
): Promise<readonly string[]> {
  const sentences: string[] = [];
  for (const { path, fingerprint, name } of watched) {
    if (folderFingerprint(path) === fingerprint) continue;
    const file = await changedFile(path, since, expected(path));
    if (file === undefined) continue;
    await setAside(cache, path);
    sentences.push(
      `${file} of ${name} changed while the step ran: a program wrote into what it was given to read. ` +
        `${name} is taken out of the cache; run the same command again to make it anew`,
    );
  }
  return sentences;
}

/** The first file that is not what was recorded or was written to; `undefined` where only links to it or its mode came and went. */
async function changedFile(
  folder: string,
  since: bigint,
  expected: ReadonlyMap<string, string> | undefined,
): Promise<string | undefined> {
  const tree = await readBack(folder, "step");
  if (tree === undefined || expected === undefined) return "a file";
  const files = filesOf(tree);
  for (const { path, digest } of files) {
    // A store's description of the entry stands beside its files.
    if (path === "entry.json" && !expected.has(path)) continue;
    if (expected.get(path) !== digest) return path;
    if (statSync(join(folder, path), { bigint: true }).mtimeNs >= since) return path;
  }
  const there = new Set(files.map(({ path }) => path));
  return [...expected.keys()].find((path) => !there.has(path));
}
