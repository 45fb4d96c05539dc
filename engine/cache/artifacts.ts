import { lstatSync } from "node:fs";
import { join } from "node:path";
import { hex } from "./digest.ts";
import { publishFile, publishFolder, setAside, syncFiles } from "./durable.ts";
import { folderMode } from "./folders.ts";
import { type Author, readBack, takeIn } from "./gate.ts";
import { readOwnRecord } from "./records.ts";
import { checkTree, filesOf, type Tree, treeBytes, treeDigest } from "./tree.ts";

/** Immutable folders by the digest of their content, and the lists of paths that digests stand for. */
export interface Artifacts {
  path(digest: string): string;
  /** Takes over a staged folder: hashes it, makes its files read-only and durable, gives it its name. */
  publish(staged: Staged): Promise<{ readonly digest: string; readonly bytes: number }>;
  /** Whether every file of the artifact is there with the recorded size. */
  complete(digest: string): boolean;
  /** The list behind the digest of an artifact or of a source, if it was kept. */
  tree(digest: string): Tree | undefined;
  /** Keeps a source's list, for the steps that read it, and so that a later plan can say which paths changed. */
  keepTree(digest: string, tree: Tree): Promise<void>;
  /** Takes a damaged artifact out of the way; whoever needs it makes it anew. */
  setAside(digest: string): Promise<void>;
}

export interface Staged {
  /** What people know it by: `output table`. */
  readonly name: string;
  readonly folder: string;
  /** Beside it, for copies. */
  readonly scratch: string;
  readonly author: Author;
}

export function openArtifacts(cache: string): Artifacts {
  const pathOf = (digest: string): string => join(cache, "artifacts", hex(digest));
  const treePath = (digest: string): string => join(cache, "trees", `${hex(digest)}.json`);
  const findTree = (digest: string) =>
    readOwnRecord(treePath(digest), (json): Tree | undefined => {
      const tree = checkTree(json);
      // A list that is not what its name says is damaged.
      return tree !== undefined && treeDigest(tree) === digest ? tree : undefined;
    });

  // By this process: looking again is not free, and every step that reads a source asks.
  const kept = new Set<string>();

  const artifacts: Artifacts = {
    path: pathOf,
    async publish({ name, folder, scratch, author }) {
      const tree = await takeIn(folder, { name, author, scratch, folderMode: folderMode(cache) });
      const digest = treeDigest(tree);
      const files = filesOf(tree).map(({ path }) => path);
      await syncFiles(folder, files);
      await artifacts.keepTree(digest, tree);
      const path = pathOf(digest);
      if (!(await publishFolder(cache, folder, path))) {
        // What stands there already takes the place of what was just made only if it is the same.
        const standing = await readBack(path, author);
        if (standing === undefined || treeDigest(standing) !== digest) {
          await setAside(cache, path);
          await publishFolder(cache, folder, path);
        }
      }
      return { digest, bytes: treeBytes(tree) };
    },
    complete(digest) {
      const tree = artifacts.tree(digest);
      return tree !== undefined && hasSizes(pathOf(digest), tree);
    },
    tree: (digest) => findTree(digest).value,
    async keepTree(digest, tree) {
      if (kept.has(digest)) return;
      const { value, path } = findTree(digest);
      if (value === undefined) await publishFile(cache, path, JSON.stringify(tree));
      kept.add(digest);
    },
    setAside: (digest) => setAside(cache, pathOf(digest)),
  };
  return artifacts;
}

/** Whether a folder is there, and in it the files of a list, with their sizes. */
export function hasSizes(folder: string, tree: Tree): boolean {
  try {
    const isThere = lstatSync(folder).isDirectory();
    return isThere && filesOf(tree).every(({ path, bytes }) => isReadable(join(folder, path), bytes));
  } catch (error) {
    const { code = "" } = error as NodeJS.ErrnoException;
    if (["ENOENT", "ENOTDIR", "EACCES", "EPERM", "ELOOP"].includes(code)) return false;
    throw error;
  }
}

function isReadable(path: string, bytes: number): boolean {
  const stat = lstatSync(path, { throwIfNoEntry: false });
  return stat?.isFile() === true && stat.size === bytes && (stat.mode & 0o444) !== 0;
}
