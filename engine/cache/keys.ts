import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { byCodeUnit, canonicalJson, isObject, type Json, type JsonObject, without } from "../json.ts";
import { addTo } from "../lists.ts";
import { hex } from "./digest.ts";
import { publishFile } from "./durable.ts";
import { makeFolder } from "./folders.ts";
import { isCount, isDigest, isTexts, readOwnRecord, recordFormat } from "./records.ts";

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
  readonly leans: readonly Lean[];
  /** Where files lie that the outputs only name. */
  readonly origin?: Origin;
  /** The run that made it, and how it went there. */
  readonly run: string;
  readonly at: string;
  readonly seconds: number;
  readonly peakMemory: number;
}

export interface Lean {
  readonly store: string;
  readonly entry: string;
}

/** Files outside an artifact that it names by paths within this. */
export type Origin =
  | { readonly kind: "folder"; readonly path: string }
  | { readonly kind: "artifact"; readonly digest: string };

/** Executions of one step type, to compare a candidate with. */
export interface Executions {
  /** Those with the same parameters but for the open ones, newest first. */
  withParams(params: JsonObject, open?: readonly string[]): readonly KeyRecord[];
  /** The newest with the same inputs. */
  withInputs(inputs: Readonly<Record<string, string>>): KeyRecord | undefined;
}

export interface Keys {
  read(key: string): KeyRecord | undefined;
  /** Reads all records the first time: for explanations, not for every run. */
  ofType(type: string): Executions;
  /** Where a newer flow wrote a record under this key, that one stays, and this one stands beside it. */
  commit(record: KeyRecord): Promise<void>;
  /** The key a step of a pipeline had when it last ran or was found cached. */
  latest(pipeline: string, step: string): string | undefined;
  /** For explanations only: where it cannot be kept, nothing is lost. */
  setLatest(pipeline: string, step: string, key: string): void;
}

export function openKeys(cache: string): Keys {
  const pathOf = (key: string): string => join(cache, "keys", `${hex(key)}.json`);
  const latestPath = (pipeline: string, step: string): string => join(cache, "latest", pipeline, step);
  const find = (key: string) =>
    readOwnRecord(pathOf(key), (json) => {
      const record = checkKeyRecord(json);
      return record?.key === key ? record : undefined;
    });
  let index: Index | undefined;

  return {
    read: (key) => find(key).value,
    ofType(type) {
      index ??= readAll(join(cache, "keys"));
      return index.ofType(type);
    },
    async commit(record) {
      const written = { format: recordFormat, ...record };
      await publishFile(cache, find(record.key).path, `${JSON.stringify(written, null, 1)}\n`);
      index?.add(record);
    },
    latest(pipeline, step) {
      try {
        const key = readFileSync(latestPath(pipeline, step), "utf8");
        return isDigest(key) ? key : undefined;
      } catch {
        return undefined;
      }
    },
    setLatest(pipeline, step, key) {
      const path = latestPath(pipeline, step);
      try {
        makeFolder(cache, dirname(path));
        // In a shared cache the file may be another user's: a new one takes its place.
        rmSync(path, { force: true });
        writeFileSync(path, key);
      } catch {
        // A full or read-only disk is told by what matters.
      }
    },
  };
}

interface Index {
  ofType(type: string): Executions;
  add(record: KeyRecord): void;
}

interface OfType {
  /** Oldest first, as the lists of those with the same parameters. */
  readonly all: KeyRecord[];
  readonly params: Map<string, KeyRecord[]>;
  readonly inputs: Map<string, KeyRecord>;
}

/** Records by what they are looked for: one more costs the same however many there are. */
function newIndex(): Index {
  const types = new Map<string, OfType>();
  const of = (type: string): OfType => {
    const known = types.get(type) ?? { all: [], params: new Map(), inputs: new Map() };
    types.set(type, known);
    return known;
  };
  return {
    ofType(type) {
      const { all, params, inputs } = of(type);
      return {
        withParams(wanted, open = []) {
          const isAlike = ({ params }: KeyRecord): boolean =>
            canonicalJson(without(params, open)) === canonicalJson(without(wanted, open));
          const alike = open.length === 0 ? params.get(canonicalJson(wanted)) : all.filter(isAlike);
          return [...(alike ?? [])].reverse();
        },
        withInputs: (wanted) => inputs.get(canonicalJson(wanted)),
      };
    },
    add(record) {
      const { all, params, inputs } = of(record.type);
      all.push(record);
      addTo(params, canonicalJson(record.params), record);
      inputs.set(canonicalJson(record.inputs), record);
    },
  };
}

function readAll(folder: string): Index {
  const index = newIndex();
  if (!existsSync(folder)) return index;
  const records = readdirSync(folder)
    .filter((name) => /^[0-9a-f]{64}\.json$/.test(name))
    .map((name) => readOwnRecord(join(folder, name), checkKeyRecord).value)
    .filter((record) => record !== undefined)
    .sort((a, b) => byCodeUnit(a.at, b.at));
  for (const record of records) index.add(record);
  return index;
}

/** What was read as the record of a key, where it is one. */
export function checkKeyRecord(json: Json): KeyRecord | undefined {
  if (!isObject(json)) return undefined;
  const { key, type, version, params, inputs, outputs, metrics, leans, origin } = json;
  const { run, at, seconds, peakMemory } = json;
  const isRecord =
    isDigest(key) &&
    typeof type === "string" &&
    isCount(version) &&
    isObject(params) &&
    isObject(inputs) &&
    Object.values(inputs).every(isDigest) &&
    isObject(outputs) &&
    Object.values(outputs).every(isOutput) &&
    isObject(metrics) &&
    Array.isArray(leans) &&
    (leans as readonly Json[]).every(isLean) &&
    (origin === undefined || isOrigin(origin)) &&
    typeof run === "string" &&
    typeof at === "string" &&
    typeof seconds === "number" &&
    typeof peakMemory === "number";
  return isRecord ? (json as unknown as KeyRecord) : undefined;
}

function isOutput(json: Json): boolean {
  return isObject(json) && isDigest(json.digest) && isCount(json.bytes) && isTexts(json.notes);
}

function isOrigin(json: Json): boolean {
  if (!isObject(json)) return false;
  return json.kind === "artifact"
    ? isDigest(json.digest)
    : json.kind === "folder" && typeof json.path === "string";
}

function isLean(json: Json): boolean {
  return (
    isObject(json) &&
    typeof json.store === "string" &&
    /^[0-9a-f]{64}$/.test(json.store) &&
    typeof json.entry === "string" &&
    /^[A-Za-z0-9][A-Za-z0-9_-]*$/.test(json.entry)
  );
}
