import { existsSync, mkdirSync, statSync } from "node:fs";
import { dirname } from "node:path";

/**
 * Makes a folder and what is missing above it. Node's own way never ends where a
 * file system says that a folder is not there which is (`/proc`).
 *
 * @returns the topmost folder that was made; `undefined` where it was there.
 */
export function newFolder(path: string): string | undefined {
  try {
    mkdirSync(path);
    return path;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "EEXIST" && statSync(path).isDirectory()) return undefined;
    const above = dirname(path);
    if (code !== "ENOENT" || existsSync(above)) throw error;
    const first = newFolder(above);
    newFolder(path);
    return first ?? path;
  }
}
