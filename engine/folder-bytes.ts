import { existsSync, readdirSync, statSync } from "node:fs";
import { join } from "node:path";

/** What the files below a folder take; 0 where it is not there. What goes away meanwhile does not count. */
export function bytesBelow(folder: string): number {
  if (!existsSync(folder)) return 0;
  return readdirSync(folder, { recursive: true, encoding: "utf8" })
    .map((name) => statSync(join(folder, name), { throwIfNoEntry: false }))
    .reduce((sum, stat) => sum + (stat?.isFile() ? stat.size : 0), 0);
}
