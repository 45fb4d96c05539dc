import { statSync } from "node:fs";
import { extname, join, resolve } from "node:path";
import { globFilter } from "../../engine/cache/ignore.ts";
import { listSource } from "../../engine/cache/source-files.ts";
import type { FindOptions, PictureFile } from "../../engine/machine.ts";
import { StepError } from "../../engine/step-type.ts";
import { isHidden, isTaken, unreadKinds } from "../organize/picture-names.ts";

/** See `Predictors`. */
export function findPhotos(words: readonly string[], options: FindOptions): readonly PictureFile[] {
  const found = words.map((word) => picturesOf(word, options));
  const mistakes = found.filter((pictures) => typeof pictures === "string");
  if (mistakes.length > 0) throw new StepError(mistakes.join("\n"));
  return (found as readonly (readonly PictureFile[])[]).flat();
}

/** What a word names; a sentence where that is nothing. */
function picturesOf(word: string, options: FindOptions): readonly PictureFile[] | string {
  const path = resolve(options.folder, word);
  const stat = statSync(path, { throwIfNoEntry: false });
  if (stat?.isDirectory()) {
    const pictures = picturesIn(word, options);
    return pictures.length > 0 ? pictures : `there is no picture in ${word}`;
  }
  if (stat?.isFile()) return [{ name: word, path }];
  if (stat !== undefined) return `${word} is neither a file nor a folder`;
  if (!/[*?[]/.test(word)) return `there is no file ${word}`;
  const pictures = resolveGlob(word, options);
  return pictures.length > 0 ? pictures : `no picture has a name like ${word}`;
}

/** All pictures below a folder, hidden ones left out: also those of kinds that are not read, so that they are named. */
function picturesIn(folder: string, { folder: base, cache }: FindOptions): readonly PictureFile[] {
  const path = resolve(base, folder);
  return (listSource(path, cache.filter) ?? [])
    .filter((file) => !isHidden(file) && isPicture(file))
    .map((file) => ({ name: folder === "." ? file : join(folder, file), path: join(path, file) }));
}

function isPicture(file: string): boolean {
  return isTaken(file) || unreadKinds.has(extname(file).toLowerCase());
}

/** `*`, `?`, `[…]` within a name, `**` for any folders; below the last folder that is named without them. */
function resolveGlob(word: string, options: FindOptions): readonly PictureFile[] {
  const parts = word.split("/");
  const first = parts.findIndex((part) => /[*?[]/.test(part));
  const folder = parts.slice(0, first).join("/") || (word.startsWith("/") ? "/" : ".");
  if (!statSync(resolve(options.folder, folder), { throwIfNoEntry: false })?.isDirectory()) return [];
  const fits = globFilter(parts.slice(first).join("/"));
  const inner = resolve(options.folder, folder).length + (folder === "/" ? 0 : 1);
  return picturesIn(folder, options).filter(({ path }) => fits(path.slice(inner)));
}
