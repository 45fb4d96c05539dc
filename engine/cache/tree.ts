import { createHash } from "node:crypto";
import { createReadStream, readdirSync, realpathSync, statSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { byCodeUnit } from "../json.ts";

/** One file of a tree. `path` is POSIX, relative; "" where the tree is a single file. */
export interface TreeFile {
  readonly path: string;
  /** sha256 of the content, hexadecimal. */
  readonly digest: string;
  readonly bytes: number;
}

/** A folder's content by paths and digests, in code-unit order: what a digest stands for. */
export type Tree = readonly TreeFile[];

/**
 * The identity of a tree: sha256 over the sorted relative paths and file
 * digests. Neither the folder's own name nor times, modes or empty folders enter.
 */
export function treeDigest(tree: Tree): string {
  const hash = createHash("sha256");
  for (const file of tree) hash.update(`${JSON.stringify(file.path)} ${file.digest}\n`);
  return `sha256:${hash.digest("hex")}`;
}

export function treeBytes(tree: Tree): number {
  return tree.reduce((sum, file) => sum + file.bytes, 0);
}

export async function fileDigest(path: string, bytes: number, algorithm = "sha256"): Promise<string> {
  const hash = createHash(algorithm);
  // One read is faster for pictures; a stream keeps the memory small for large files.
  if (bytes < 8 << 20) return hash.update(await readFile(path)).digest("hex");
  for await (const chunk of createReadStream(path, { highWaterMark: 1 << 20 })) hash.update(chunk);
  return hash.digest("hex");
}

/** A path that is neither file nor folder, or loops. Shown to the user with its path. */
export class TreeError extends Error {
  override readonly name = "TreeError";
}

/** The regular files under a folder, in code-unit order; links are followed, loops are an error. */
export function listFiles(root: string): string[] {
  const files: string[] = [];
  walk(root, "", [], files);
  return files.sort(byCodeUnit);
}

function walk(root: string, prefix: string, above: readonly string[], files: string[]): void {
  const folder = join(root, prefix);
  const real = realpathSync(folder);
  if (above.includes(real)) throw new TreeError(`${folder} links back to a folder above it`);
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = prefix === "" ? entry.name : `${prefix}/${entry.name}`;
    const kind = entry.isSymbolicLink() ? statSync(join(root, path), { throwIfNoEntry: false }) : entry;
    if (kind === undefined) throw new TreeError(`${join(root, path)} links to nothing`);
    if (kind.isDirectory()) walk(root, path, [...above, real], files);
    else if (kind.isFile()) files.push(path);
    else throw new TreeError(`${join(root, path)} is neither a file nor a folder`);
  }
}
