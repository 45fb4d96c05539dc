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
    return madeNow(path) ? path : undefined;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
  }
  const above = dirname(path);
  // Another process may just have made it: then what is there by now counts.
  const first = existsSync(above) ? undefined : newFolder(above);
  return madeNow(path) ? (first ?? path) : first;
}

/** False where it is there. */
function madeNow(path: string): boolean {
  try {
    mkdirSync(path);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EEXIST" && statSync(path).isDirectory()) return false;
    throw error;
  }
}
