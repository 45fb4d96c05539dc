import { type Dirent, readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { isArchive } from "../archives/kinds.ts";

/** Pictures of an item: some seconds of looking at photographs. */
export const ITEM = 512;
/** What a line of a table takes at least. */
const LINE_BYTES = 8;

/** Whether there may be pictures for two items: by what a folder lists, or the size of a table. Stops counting there. */
export function mayBeDivided(source: string): boolean {
  const stat = statSync(source, { throwIfNoEntry: false });
  if (stat === undefined || isArchive(source)) return false;
  if (!stat.isDirectory()) return stat.size >= 2 * ITEM * LINE_BYTES;
  const folders = [source];
  let count = 0;
  for (let folder = folders.pop(); folder !== undefined && count < 2 * ITEM; folder = folders.pop()) {
    for (const entry of listed(folder)) {
      if (entry.isDirectory()) folders.push(join(folder, entry.name));
      else count++;
    }
  }
  return count >= 2 * ITEM;
}

function listed(folder: string): readonly Dirent[] {
  try {
    return readdirSync(folder, { withFileTypes: true });
  } catch {
    // What is wrong with it `run` says.
    return [];
  }
}
