import { extname } from "node:path";
import { concurrently } from "../../engine/concurrently.ts";
import { cores } from "../../engine/cores.ts";
import { byCodeUnit } from "../../engine/json.ts";
import type { InputFile } from "../../engine/step-type.ts";
import { some } from "../../engine/wording.ts";
import { contentOfFile } from "../vision/pixels/pixels.ts";
import { isHidden, unreadKinds } from "./picture-names.ts";

/** How many files there are by extension: { ".bmp": 1, "no extension": 2 }. */
export function countByKind(files: readonly InputFile[]): Readonly<Record<string, number>> {
  const counts = new Map<string, number>();
  for (const { path } of files) counts.set(kindOf(path), (counts.get(kindOf(path)) ?? 0) + 1);
  return Object.fromEntries([...counts].sort(([a], [b]) => byCodeUnit(a, b)));
}

/** ".bmp 1, .heic 2" */
export function kindsText(files: readonly InputFile[]): string {
  return some(
    Object.entries(countByKind(files)).map(([kind, count]) => `${kind} ${count}`),
    12,
  );
}

/** Those that are pictures all the same, by their extension or by their content. */
export async function picturesAmong(files: readonly InputFile[]): Promise<readonly InputFile[]> {
  const pictures = new Set<InputFile>();
  await concurrently(files, 4 * cores(), async (file) => {
    if (isHidden(file.path)) return;
    const isPicture =
      unreadKinds.has(extname(file.path).toLowerCase()) || (await isPictureInside(file.absolute));
    if (isPicture) pictures.add(file);
  });
  return files.filter((file) => pictures.has(file));
}

async function isPictureInside(file: string): Promise<boolean> {
  const content = await contentOfFile(file);
  return content !== undefined && !["PDF", "HTML", "ICO", "PNM"].includes(content);
}

function kindOf(path: string): string {
  if (isHidden(path)) return "hidden";
  return extname(path).toLowerCase() || "no extension";
}
