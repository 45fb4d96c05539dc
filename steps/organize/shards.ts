import { readFile } from "node:fs/promises";
import { posix } from "node:path";
import { isObject, type Json } from "../../engine/json.ts";
import { type InputFile, StepError } from "../../engine/step-type.ts";
import type { Labels } from "./labels.ts";
import { listed } from "./listed.ts";
import { isTaken } from "./picture-names.ts";
import type { Label } from "./table-rows.ts";

/**
 * Samples as webdataset writes them into tars: files that have everything up to
 * the first dot of their names in common are one, `000123.jpg` and `000123.cls`.
 * The class is what `.cls` holds, or `class` or `label` in `.json`.
 *
 * @returns `undefined` where no file beside a picture says its class.
 * @throws StepError naming the samples without a class, where others have one.
 */
export async function readShards(
  files: readonly InputFile[],
): Promise<{ readonly files: readonly InputFile[]; readonly labels: Labels } | undefined> {
  const pictures = files.filter(({ path }) => isTaken(path));
  const beside = new Map(files.map((file) => [file.path, file]));
  const words = new Map<string, string>();
  const used = new Set<InputFile>();
  for (const { path } of pictures) {
    for (const [extension, read] of readers) {
      const file = beside.get(`${sampleOf(path)}${extension}`);
      if (file === undefined) continue;
      used.add(file);
      const word = words.has(path) ? undefined : read(await readFile(file.absolute, "utf8"));
      if (word !== undefined) words.set(path, word);
    }
  }
  if (words.size === 0) return undefined;
  const without = pictures.filter(({ path }) => !words.has(path)).map(({ path }) => path);
  if (without.length > 0) {
    throw new StepError(listed("these samples have no .cls, and no class in a .json, beside them:", without));
  }
  const labels: Labels = {
    labelOf: ({ path }) => labelOf(path, words.get(path)),
    hasSplits: false,
    columns: [],
    withoutFile: [],
  };
  return { files: files.filter((file) => !used.has(file)), labels };
}

function labelOf(file: string, word: string | undefined): Label | undefined {
  return word === undefined ? undefined : { file, class: word, others: [], line: 1 };
}

/** The path without all extensions. */
function sampleOf(path: string): string {
  const name = posix.basename(path);
  const dot = name.indexOf(".");
  return posix.join(posix.dirname(path), dot < 0 ? name : name.slice(0, dot));
}

const readers: readonly (readonly [extension: string, read: (text: string) => string | undefined])[] = [
  [".cls", (text) => text.trim() || undefined],
  [".json", classInJson],
];

function classInJson(text: string): string | undefined {
  let json: Json;
  try {
    json = JSON.parse(text) as Json;
  } catch {
    return undefined;
  }
  const word = isObject(json) ? (json.class ?? json.label) : undefined;
  return typeof word === "string" || typeof word === "number" ? String(word) : undefined;
}
