import { existsSync, statSync } from "node:fs";
import { join } from "node:path";
import { hex } from "./digest.ts";
import { publishFile, publishFolder, setAside, syncFiles } from "./durable.ts";
import { folderMode } from "./folders.ts";
import { type Author, readBack, takeIn } from "./gate.ts";
import { type Found, goodOf, readRecord } from "./records.ts";
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
  readonly folder: string;
  /** Beside it, for copies. */
  readonly scratch: string;
  readonly author: Author;
}

export function openArtifacts(cache: string): Artifacts {
  const pathOf = (digest: string): string => join(cache, "artifacts", hex(digest));
  const treePath = (digest: string): string => join(cache, "trees", `${hex(digest)}.json`);
  const findTree = (digest: string): Found<Tree> =>
    readRecord(treePath(digest), (json) => {
      const tree = checkTree(json);
      // A list that is not what its name says is damaged.
      return tree !== undefined && treeDigest(tree) === digest ? tree : undefined;
    });

  // By this process: looking again is not free, and every step that reads a source asks.
  const kept = new Set<string>();

  const artifacts: Artifacts = {
    path: pathOf,
    async publish({ folder, scratch, author }) {
      const tree = await takeIn(folder, { author, scratch, folderMode: folderMode(cache) });
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
      const path = pathOf(digest);
      return tree !== undefined && existsSync(path) && hasSizes(path, tree);
    },
    tree: (digest) => goodOf(findTree(digest)),
    async keepTree(digest, tree) {
      if (kept.has(digest)) return;
      if (findTree(digest).kind === "absent") {
        await publishFile(cache, treePath(digest), JSON.stringify(tree));
      }
      kept.add(digest);
    },
    setAside: (digest) => setAside(cache, pathOf(digest)),
  };
  return artifacts;
}

/** Whether files are there with the sizes a list records. */
export function hasSizes(folder: string, tree: Tree): boolean {
  return filesOf(tree).every(
    (file) => statSync(join(folder, file.path), { throwIfNoEntry: false })?.size === file.bytes,
  );
}
