import { type Dirent, readdirSync } from "node:fs";
import { TreeError } from "./tree.ts";

const replacement = "\ufffd";

/**
 * What a folder holds.
 *
 * @param shown what people know the folder by.
 * @throws TreeError for a name that is not UTF-8: as text it would name another file, or none.
 */
export function entriesOf(folder: string, shown = folder): readonly Dirent[] {
  const entries = readdirSync(folder, { withFileTypes: true });
  if (entries.some(({ name }) => name.includes(replacement))) refuseBytes(folder, shown);
  return entries;
}

function refuseBytes(folder: string, where: string): void {
  for (const bytes of readdirSync(folder, { encoding: "buffer" })) {
    if (Buffer.from(bytes.toString("utf8")).equals(bytes)) continue;
    const shown = bytes.toString("latin1").replaceAll(/[^\x20-\x7e]/g, escaped);
    throw new TreeError(`the name ${shown} in ${where} is not UTF-8: rename the file`);
  }
}

/** A byte as shells and Python write it. */
function escaped(byte: string): string {
  return `\\x${byte.charCodeAt(0).toString(16).padStart(2, "0")}`;
}
