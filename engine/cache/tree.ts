import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { readFile } from "node:fs/promises";
import { isObject, type Json } from "../json.ts";
import { isCount } from "./records.ts";

/** One file of a tree. `path` is POSIX, relative; "" where the tree is a single file. */
export interface TreeFile {
  readonly path: string;
  /** sha256 of the content, hexadecimal. */
  readonly digest: string;
  readonly bytes: number;
  /** Only in outputs of programs, where it counts. */
  readonly executable?: true;
}

/** A folder with nothing in it: only in outputs of programs, where it counts. */
export interface TreeFolder {
  readonly path: string;
  readonly folder: true;
}

/** A folder's content by paths and digests, in code-unit order of the paths: what a digest stands for. */
export type Tree = readonly (TreeFile | TreeFolder)[];

/** The files of a tree. */
export function filesOf(tree: Tree): readonly TreeFile[] {
  return tree.filter((entry) => !isFolder(entry)) as TreeFile[];
}

/**
 * The identity of a tree: sha256 over the sorted relative paths and file
 * digests. Neither the folder's own name nor times enter; that a file is
 * executable or a folder empty only where the tree says so.
 */
export function treeDigest(tree: Tree): string {
  const hash = createHash("sha256");
  for (const entry of tree) {
    if (isFolder(entry)) hash.update(`${JSON.stringify(`${entry.path}/`)} folder\n`);
    else hash.update(`${JSON.stringify(entry.path)} ${entry.digest}${entry.executable ? " x" : ""}\n`);
  }
  return `sha256:${hash.digest("hex")}`;
}

export function treeBytes(tree: Tree): number {
  return filesOf(tree).reduce((sum, file) => sum + file.bytes, 0);
}

/** What was read back as a tree, where it is one. */
export function checkTree(json: Json): Tree | undefined {
  if (!Array.isArray(json)) return undefined;
  return (json as readonly Json[]).every(isEntry) ? (json as unknown as Tree) : undefined;
}

/** The digest of a file's content, hexadecimal. */
export async function fileDigest(path: string, bytes: number, algorithm = "sha256"): Promise<string> {
  const hash = createHash(algorithm);
  // One read is faster for pictures; a stream keeps the memory small for large files.
  if (bytes < 8 << 20) return hash.update(await readFile(path)).digest("hex");
  for await (const chunk of createReadStream(path, { highWaterMark: 1 << 20 })) hash.update(chunk);
  return hash.digest("hex");
}

/** A path that cannot be hashed: neither file nor folder, a circle of links, a name that is no text. Shown to the user as it is. */
export class TreeError extends Error {
  override readonly name = "TreeError";
}

function isFolder(entry: TreeFile | TreeFolder): entry is TreeFolder {
  return "folder" in entry;
}

function isEntry(json: Json): boolean {
  if (!isObject(json) || typeof json.path !== "string" || !staysInside(json.path)) return false;
  if (json.folder === true) return true;
  return typeof json.digest === "string" && /^[0-9a-f]{32,64}$/.test(json.digest) && isCount(json.bytes);
}

/** Paths out of a file become part of a path: none may lead anywhere else. */
function staysInside(path: string): boolean {
  return !path.startsWith("/") && !path.split("/").includes("..") && !path.includes("\0");
}
