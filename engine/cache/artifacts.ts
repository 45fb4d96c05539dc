import { existsSync, lstatSync, readFileSync, statSync } from "node:fs";
import { chmod, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { hex } from "./digest.ts";
import { publishFile, publishFolder, stagingFolder, syncFiles } from "./durable.ts";
import { fileDigest, listFiles, type Tree, TreeError, treeBytes, treeDigest } from "./tree.ts";

/** Immutable folders by the digest of their content, and the lists of paths that digests stand for. */
export interface Artifacts {
  path(digest: string): string;
  /** Takes over a staged folder: hashes it, makes its files read-only and durable, gives it its name. */
  publish(staged: string): Promise<{ readonly digest: string; readonly bytes: number }>;
  /** Whether every file of the artifact is there with the recorded size. */
  complete(digest: string): boolean;
  /** The list behind the digest of an artifact or of a source, if it was kept. */
  tree(digest: string): Tree | undefined;
  /** Keeps a source's list, so that a later plan can say which paths changed. */
  keepTree(digest: string, tree: Tree): Promise<void>;
}

export function openArtifacts(cache: string): Artifacts {
  const pathOf = (digest: string): string => join(cache, "artifacts", hex(digest));
  const treePath = (digest: string): string => join(cache, "trees", `${hex(digest)}.json`);

  const artifacts: Artifacts = {
    path: pathOf,
    async publish(staged) {
      const tree = await readStaged(staged);
      const digest = treeDigest(tree);
      await syncFiles(
        staged,
        tree.map((file) => file.path),
      );
      await artifacts.keepTree(digest, tree);
      const path = pathOf(digest);
      if (!(await publishFolder(staged, path)) && !artifacts.complete(digest)) {
        // What stands there has lost files: set it aside, out of the way of its own name.
        const aside = await stagingFolder(cache);
        await rename(path, join(aside, "damaged"));
        await publishFolder(staged, path);
        await rm(aside, { recursive: true, force: true });
      }
      return { digest, bytes: treeBytes(tree) };
    },
    complete(digest) {
      const tree = artifacts.tree(digest);
      const path = pathOf(digest);
      return tree !== undefined && existsSync(path) && hasSizes(path, tree);
    },
    tree(digest) {
      try {
        return JSON.parse(readFileSync(treePath(digest), "utf8")) as Tree;
      } catch {
        return undefined;
      }
    },
    async keepTree(digest, tree) {
      if (!existsSync(treePath(digest))) await publishFile(cache, treePath(digest), JSON.stringify(tree));
    },
  };
  return artifacts;
}

/** Whether files are there with the sizes a list records. */
export function hasSizes(folder: string, tree: Tree): boolean {
  return tree.every(
    (file) => statSync(join(folder, file.path), { throwIfNoEntry: false })?.size === file.bytes,
  );
}

/** Hashes every file of a folder about to be published and makes it read-only. */
export async function readStaged(folder: string): Promise<Tree> {
  const tree = [];
  for (const path of listFiles(folder)) {
    const full = join(folder, path);
    const stat = lstatSync(full);
    // A link would let the artifact change behind its digest.
    if (stat.isSymbolicLink()) {
      throw new TreeError(`the output holds a symbolic link, ${path}: write a file in its place`);
    }
    await chmod(full, 0o444);
    tree.push({ path, digest: await fileDigest(full, stat.size), bytes: stat.size });
  }
  return tree;
}
