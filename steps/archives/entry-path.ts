import { printableLine } from "../../engine/printable.ts";

/** Where an entry belongs below the folder, or why it belongs nowhere. */
export type EntryPath =
  | { readonly kind: "inside"; readonly path: string }
  | { readonly kind: "refused"; readonly why: string };

/** Of file systems in use: NAME_MAX. */
const MOST_PART_BYTES = 255;
/** Of PATH_MAX (4,096) the rest is for the folder. */
const MOST_BYTES = 1024;

/**
 * Reads the name of an archive's entry as a path. Nothing is repaired but empty
 * parts and `.`: a name that means something else elsewhere is refused.
 *
 * @returns a path without `.`, `..` and empty parts; empty for the folder itself.
 */
export function entryPath(name: string): EntryPath {
  const refused = (why: string): EntryPath => ({ kind: "refused", why });
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is looked for.
  if (/[\x00-\x1f\x7f]/.test(name)) return refused("has a control character in its name");
  if (name.includes("\\")) return refused("has a backslash in its name");
  if (name.startsWith("/") || /^[A-Za-z]:/.test(name)) return refused("has an absolute path for its name");
  const parts = name.split("/").filter((part) => part !== "" && part !== ".");
  if (parts.includes("..")) return refused('has ".." in its name, which leads out of a folder');
  // Windows cuts dots and blanks off the end, so that ".. " leads out there.
  if (parts.some((part) => /^[. ]+$/.test(part)))
    return refused("has dots or blanks alone for a part of its name");
  const path = parts.join("/");
  if (Buffer.byteLength(path) > MOST_BYTES || parts.some((part) => Buffer.byteLength(part) > MOST_PART_BYTES))
    return refused("has too long a name");
  return { kind: "inside", path };
}

/** What macOS puts into archives beside the files: folders' settings and, in `__MACOSX/` or as `._name`, resource forks. */
export function isOfMacos(path: string): boolean {
  const parts = path.split("/");
  return parts[0] === "__MACOSX" || parts.some((part) => part === ".DS_Store" || part.startsWith("._"));
}

const MOST_SHOWN = 100;

/** A name as it is shown: in quotes, on one line, and not longer than a person reads. */
export function shownName(name: string): string {
  const signs = [...name];
  const short = signs.length <= MOST_SHOWN ? name : `${signs.slice(0, MOST_SHOWN).join("")}…`;
  return `"${printableLine(short)}"`;
}
