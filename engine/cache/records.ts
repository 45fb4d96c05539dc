import { readFileSync } from "node:fs";
import { isObject, type Json } from "../json.ts";

/** A record as it was found on disk. */
export type Found<Value> =
  | { readonly kind: "good"; readonly value: Value }
  /** Not there, or damaged: it may be written anew. */
  | { readonly kind: "absent" }
  /** Written by a newer flow: as good as absent, but neither overwritten nor deleted. */
  | { readonly kind: "newer" };

/** The format of every record that this flow writes. A record that does not name one has it. */
export const recordFormat = 1;

/**
 * Reads a JSON record and validates it.
 *
 * @param check the value, where it is what it should be.
 * @throws where the system is out of open files or memory.
 */
export function readRecord<Value>(path: string, check: (json: Json) => Value | undefined): Found<Value> {
  let json: Json;
  try {
    json = JSON.parse(readFileSync(path, "utf8")) as Json;
  } catch (error) {
    // As absent, whatever leans on it would be made anew.
    if (isShortage(error)) throw error;
    return { kind: "absent" };
  }
  const format = isObject(json) ? (json.format ?? recordFormat) : recordFormat;
  if (typeof format === "number" && format > recordFormat) return { kind: "newer" };
  const value = format === recordFormat ? check(json) : undefined;
  return value === undefined ? { kind: "absent" } : { kind: "good", value };
}

/**
 * The same for a record that this flow may write: also where it is to be
 * written. That is beside one of a newer flow, where such a one has the name.
 */
export function readOwnRecord<Value>(
  path: string,
  check: (json: Json) => Value | undefined,
): { readonly value: Value | undefined; readonly path: string } {
  const found = readRecord(path, check);
  if (found.kind !== "newer") return { value: goodOf(found), path };
  const own = path.replace(/\.json$/, `.${recordFormat}.json`);
  return { value: goodOf(readRecord(own, check)), path: own };
}

/** Whether the system is out of open files or memory: that says nothing of the file that was to be read. */
export function isShortage(error: unknown): boolean {
  return ["EMFILE", "ENFILE", "ENOMEM"].includes((error as NodeJS.ErrnoException).code ?? "");
}

export function goodOf<Value>(found: Found<Value>): Value | undefined {
  return found.kind === "good" ? found.value : undefined;
}

const digestPattern = /^sha256:[0-9a-f]{64}$/;

export function isDigest(value: Json | undefined): value is string {
  return typeof value === "string" && digestPattern.test(value);
}

export function isCount(value: Json | undefined): value is number {
  return typeof value === "number" && Number.isSafeInteger(value) && value >= 0;
}

export function isTexts(value: Json | undefined): value is readonly string[] {
  return Array.isArray(value) && (value as readonly Json[]).every((text) => typeof text === "string");
}
