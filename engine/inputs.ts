import { statSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import type { Cache } from "./cache/cache.ts";
import { fingerprint, listSource } from "./cache/source-files.ts";
import { isSame, type Source } from "./cache/sources.ts";
import { filesOf, type Tree, TreeError, type TreeFile, treeDigest } from "./cache/tree.ts";
import { byCodeUnit } from "./json.ts";
import { specOf } from "./plan/input-spec.ts";
import type { InputFile, InputSpec, StepType } from "./step-type.ts";

/** What lies behind a source. */
export interface SourceFiles {
  readonly source: Source;
  /** Files that are read and are not there, POSIX, in the folder that is the source or holds it. */
  readonly missing: readonly string[];
}

/** The files of a source as they are now, all or those that the step type reads; `undefined` where nothing is there. */
export async function readSource(
  cache: Cache,
  path: string,
  spec: InputSpec | undefined,
): Promise<SourceFiles | undefined> {
  if (statSync(path, { throwIfNoEntry: false }) === undefined) return undefined;
  const wanted = spec?.reads?.(path);
  if (wanted === undefined) {
    const source = await cache.sources.read(path);
    return source && { source, missing: [] };
  }
  const folder = folderOf(path);
  const missing = wanted.filter((file) => !isThere(join(folder, file)));
  const there = missing.length > 0 ? [] : wanted;
  return { source: await cache.sources.read(folder, there), missing };
}

/** Of a source as it is now, without reading what is in it; `undefined` where something is gone. */
export function sourceFingerprint(
  cache: Cache,
  path: string,
  spec: InputSpec | undefined,
): string | undefined {
  if (statSync(path, { throwIfNoEntry: false }) === undefined) return undefined;
  const wanted = spec?.reads?.(path);
  if (wanted !== undefined) return fingerprint(folderOf(path), [...wanted].sort(byCodeUnit));
  const files = listSource(path, cache.filter);
  return files && fingerprint(path, files);
}

/**
 * The files of a source that are no longer what they were. A file that was
 * written to counts also where its content is back to what it was: a step may
 * have read what it held in between. One of which only the inode's own time
 * moved (a new name, another mode) is hashed again.
 */
export function changesOf(before: Source, now: Source): readonly string[] {
  const digests = new Map(now.files.map((file) => [file.path, file.digest]));
  const changed = before.files.filter(({ path, digest }) => {
    const [old, fresh] = [before.stats.get(path), now.stats.get(path)];
    if (old === undefined || fresh === undefined) return true;
    return !isSame({ ...old, ctime: fresh.ctime }, fresh) || digests.get(path) !== digest;
  });
  const added = now.files.filter(({ path }) => !before.stats.has(path));
  return [...changed, ...added].map(({ path }) => path);
}

/** The files of an artifact, all or those that the step type reads; `undefined` where its list is not kept. */
export function artifactFiles(
  cache: Cache,
  digest: string,
  spec: InputSpec | undefined,
): readonly TreeFile[] | undefined {
  const tree = cache.artifacts.tree(digest);
  if (tree === undefined) return undefined;
  const files = filesOf(tree);
  const wanted = spec?.reads?.(cache.artifacts.path(digest));
  if (wanted === undefined) return files;
  const named = new Set(wanted);
  return files.filter(({ path }) => named.has(path));
}

/** A tree as a step sees it, under the path that was named. */
export function inputFiles(path: string, tree: Tree): readonly InputFile[] {
  const files = filesOf(tree);
  const isFile = files.length === 1 && files[0]?.path === "";
  const folder = isFile ? dirname(path) : folderOf(path);
  return files.map((file) => {
    const inside = isFile ? basename(path) : file.path;
    return {
      path: inside,
      absolute: join(folder, inside),
      digest: `sha256:${file.digest}`,
      bytes: file.bytes,
    };
  });
}

/** @throws TreeError for what is no file: reading from a FIFO or a device may never end. */
function isThere(path: string): boolean {
  const stat = statSync(path, { throwIfNoEntry: false });
  if (stat !== undefined && !stat.isFile()) throw new TreeError(`${path} is not a file`);
  return stat !== undefined;
}

/** What an artifact is to an input of a step type: its own digest, or that of the files which are read. */
export function inputDigest(cache: Cache, type: StepType, input: string, artifact: string): string {
  const spec = specOf(type, input);
  if (spec?.reads?.(cache.artifacts.path(artifact)) === undefined) return artifact;
  const files = artifactFiles(cache, artifact, spec);
  return files === undefined ? artifact : treeDigest(files);
}

function folderOf(path: string): string {
  return statSync(path).isDirectory() ? path : dirname(path);
}
