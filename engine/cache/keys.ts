import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { byCodeUnit, type Json, type JsonObject } from "../json.ts";
import { hex } from "./digest.ts";
import { publishFile } from "./durable.ts";

/** What one execution made. Written last: a key that has a record is a finished execution. */
export interface KeyRecord {
  readonly key: string;
  readonly type: string;
  readonly version: number;
  /** The parameters that entered the key. */
  readonly params: JsonObject;
  /** Digest of every input. */
  readonly inputs: Readonly<Record<string, string>>;
  readonly outputs: Readonly<
    Record<string, { readonly digest: string; readonly bytes: number; readonly notes: readonly string[] }>
  >;
  readonly metrics: Readonly<Record<string, Json>>;
  /** Store entries the outputs are nothing without. */
  readonly leans: readonly { readonly store: string; readonly entry: string }[];
  /** The run that made it, and how it went there. */
  readonly run: string;
  readonly at: string;
  readonly seconds: number;
  readonly peakMemory: number;
}

export interface Keys {
  read(key: string): KeyRecord | undefined;
  /** Every record of a step type, newest first. Reads all records: for explanations, not for every run. */
  ofType(type: string): readonly KeyRecord[];
  commit(record: KeyRecord): Promise<void>;
  /** The key a step of a pipeline had when it last ran or was found cached. */
  latest(pipeline: string, step: string): string | undefined;
  setLatest(pipeline: string, step: string, key: string): void;
}

export function openKeys(cache: string): Keys {
  const pathOf = (key: string): string => join(cache, "keys", `${hex(key)}.json`);
  const latestPath = (pipeline: string, step: string): string => join(cache, "latest", pipeline, step);
  let byType: ReadonlyMap<string, readonly KeyRecord[]> | undefined;

  return {
    read: (key) => readRecord(pathOf(key)),
    ofType(type) {
      byType ??= readAll(join(cache, "keys"));
      return byType.get(type) ?? [];
    },
    async commit(record) {
      await publishFile(cache, pathOf(record.key), `${JSON.stringify(record, null, 1)}\n`);
      byType = undefined;
    },
    latest(pipeline, step) {
      try {
        return readFileSync(latestPath(pipeline, step), "utf8") || undefined;
      } catch {
        return undefined;
      }
    },
    setLatest(pipeline, step, key) {
      // It only serves explanations, so it is neither staged nor synced.
      mkdirSync(dirname(latestPath(pipeline, step)), { recursive: true });
      writeFileSync(latestPath(pipeline, step), key);
    },
  };
}

function readAll(folder: string): ReadonlyMap<string, readonly KeyRecord[]> {
  const byType = new Map<string, KeyRecord[]>();
  if (!existsSync(folder)) return byType;
  const records = readdirSync(folder)
    .map((name) => readRecord(join(folder, name)))
    .filter((record) => record !== undefined)
    .sort((a, b) => byCodeUnit(b.at, a.at));
  for (const record of records) {
    const others = byType.get(record.type);
    if (others === undefined) byType.set(record.type, [record]);
    else others.push(record);
  }
  return byType;
}

function readRecord(path: string): KeyRecord | undefined {
  try {
    return JSON.parse(readFileSync(path, "utf8")) as KeyRecord;
  } catch {
    return undefined;
  }
}
