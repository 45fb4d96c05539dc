import { posix } from "node:path";

/** Whether a path that a file names leads to a file in the folder that it is relative to, on any disk. */
export function staysInside(named: string): boolean {
  const path = posix.normalize(named);
  // No disk has such names.
  if (named.includes("\0") || path.split("/").some((part) => Buffer.byteLength(part) > 255)) return false;
  if (path.length > 2048 || named === "" || path === ".") return false;
  return !posix.isAbsolute(path) && path !== ".." && !path.startsWith("../");
}
