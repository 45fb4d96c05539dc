import { statSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import type { Cache } from "./cache/cache.ts";
import type { Tree } from "./cache/tree.ts";
import type { InputFile, InputSpec } from "./step-type.ts";

/** What lies behind a source. */
export interface SourceFiles {
  readonly tree: Tree;
  /** Files that are read and are not there, POSIX, in the folder that is the source or holds it. */
  readonly missing: readonly string[];
}

/** The files of a source as they are now, all or those that the step type reads; `undefined` where nothing is there. */
export async function readSource(
  cache: Cache,
  path: string,
  spec: InputSpec | undefined,
): Promise<SourceFiles | undefined> {
  if (spec?.reads === undefined) {
    const tree = await cache.sources.read(path);
    return tree && { tree, missing: [] };
  }
  if (statSync(path, { throwIfNoEntry: false }) === undefined) return undefined;
  const folder = folderOf(path);
  const wanted = spec.reads(path);
  const isThere = (file: string): boolean =>
    statSync(join(folder, file), { throwIfNoEntry: false })?.isFile() === true;
  const missing = wanted.filter((file) => !isThere(file));
  if (missing.length > 0) return { tree: [], missing };
  return { tree: await cache.sources.read(folder, wanted), missing };
}

/** The files of an artifact, all or those that the step type reads; `undefined` where its list is not kept. */
export function artifactFiles(cache: Cache, digest: string, spec: InputSpec | undefined): Tree | undefined {
  const tree = cache.artifacts.tree(digest);
  if (spec?.reads === undefined || tree === undefined) return tree;
  const wanted = new Set(spec.reads(cache.artifacts.path(digest)));
  return tree.filter(({ path }) => wanted.has(path));
}

/** A tree as a step sees it, under the path that was named. */
export function inputFiles(path: string, tree: Tree): readonly InputFile[] {
  const isFile = tree.length === 1 && tree[0]?.path === "";
  const folder = isFile ? dirname(path) : folderOf(path);
  return tree.map((file) => {
    const inside = isFile ? basename(path) : file.path;
    return {
      path: inside,
      absolute: join(folder, inside),
      digest: `sha256:${file.digest}`,
      bytes: file.bytes,
    };
  });
}

function folderOf(path: string): string {
  return statSync(path).isDirectory() ? path : dirname(path);
}
