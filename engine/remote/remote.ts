import { randomBytes } from "node:crypto";
import { existsSync } from "node:fs";
import type { Cache } from "../cache/cache.ts";
import type { KeyRecord } from "../cache/keys.ts";
import { recordFormat } from "../cache/records.ts";
import { isObject, type Json } from "../json.ts";
import { CacheError } from "../step-type.ts";
import { type FetchedResult, fetchResult } from "./fetch.ts";
import { DamagedError, sha256 } from "./format.ts";
import { type Known, openKnown } from "./known.ts";
import { ObjectError, type ObjectStore } from "./objects/object-store.ts";
import { type Patience, type PatientStore, patientStore } from "./patience.ts";
import { pushResult, type ResultToPush } from "./push.ts";

/** Results of others. Whatever goes wrong is said and fails nothing. */
export interface Remote {
  /** As the user wrote it. */
  readonly name: string;
  /** Brings what the remote has under a key, and keeps it in the cache. */
  fetch(wanted: Wanted): Promise<KeyRecord | undefined>;
  /** Sends a result, after those before it; nobody waits for it but `close`. */
  push(result: ResultToPush & { readonly step: string }): void;
  /** When all was sent, or it is known that it cannot be. */
  close(): Promise<Transferred>;
}

export interface Wanted {
  readonly key: string;
  /** For people. */
  readonly step: string;
  /** Where the files of an input lie here; `undefined` where there is no such input. */
  folderOf(input: string): string | undefined;
  onProgress(done: number, total: number): void;
}

/** Results that went through, and bytes. */
export interface Transferred {
  readonly fetched: number;
  readonly fetchedBytes: number;
  readonly pushed: number;
  readonly pushedBytes: number;
}

export interface RemoteOptions extends Patience {
  readonly name: string;
  open(): Promise<ObjectStore>;
  readonly cache: Cache;
  /** Whether results may be sent, and what is there is looked for though it is known. */
  readonly push: "never" | "trusting" | "checked";
  /** A sentence that people should know. */
  note(text: string): void;
}

/** Nothing is opened before something is wanted. */
export function openRemote(options: RemoteOptions): Remote {
  const { name, cache, signal, push, note } = options;
  const total = { fetched: 0, fetchedBytes: 0, pushed: 0, pushedBytes: 0 };
  const damaged = new Set<string>();
  const told = new Set<string>();
  const off = { fetch: false, push: push === "never" };
  const tell = (text: string): void => {
    if (!told.has(text)) note(`${name}: ${text}`);
    told.add(text);
  };
  let opened: Promise<Opened> | undefined;
  const open = (): Promise<Opened> => {
    opened ??= openAt(options);
    return opened;
  };
  let sending: Promise<void> = Promise.resolve();

  /** Says what went wrong; what does not come right by itself is not tried again. */
  const failed = (error: unknown, way: keyof typeof off, step: string): void => {
    if (signal.aborted) return;
    if (error instanceof ObjectError) {
      off.push = true;
      // One may be allowed to read alone.
      if (way === "fetch" || error.kind === "away") off.fetch = true;
      const what = way === "fetch" ? "the run goes on without it" : "what was made is not sent";
      tell(`${error.message}; ${what}`);
    } else if (error instanceof CacheError) tell(`${step}: ${error.message}`);
    else tell(`${step}: ${error instanceof Error ? error.message : String(error)}`);
  };
  const send = async ({ step, ...result }: Parameters<Remote["push"]>[0]): Promise<void> => {
    if (off.push || signal.aborted) return;
    try {
      const { store, known } = await open();
      const isNew = await pushResult(result, {
        ...{ cache, store, known, isChecked: push === "checked" },
        isDamaged: (name) => damaged.has(name),
        onSent(bytes) {
          total.pushedBytes += bytes;
        },
      });
      if (isNew) total.pushed++;
    } catch (error) {
      failed(error, "push", step);
    }
  };
  return {
    name,
    async fetch({ key, step, folderOf, onProgress }) {
      if (off.fetch) return undefined;
      try {
        const { store, known } = await open();
        const result = await fetchResult(key, { cache, store, known, signal, onProgress });
        const record = result && atHome(result, folderOf);
        if (result === undefined || record === undefined) return undefined;
        total.fetched++;
        total.fetchedBytes += result.bytes;
        await cache.keys.commit(record);
        return record;
      } catch (error) {
        if (error instanceof DamagedError) {
          damaged.add(key);
          if (error.object !== undefined) {
            damaged.add(error.object);
            (await open()).known.forget(error.object);
          }
          tell(`what it has of ${step} is damaged and not used: ${error.message}`);
        } else failed(error, "fetch", step);
        return undefined;
      }
    },
    push(result) {
      if (!off.push) sending = sending.then(() => send(result));
    },
    async close() {
      await sending;
      return total;
    },
  };
}

interface Opened {
  readonly store: PatientStore;
  readonly known: Known;
}

async function openAt(options: RemoteOptions): Promise<Opened> {
  const store = patientStore(await options.open(), options);
  return { store, known: openKnown(options.cache.folder, await idOf(store, options)) };
}

const ID_OBJECT = "flow.json";

/** Made by whoever first may write there. @throws ObjectError where a newer flow's is there. */
async function idOf(store: PatientStore, { push }: RemoteOptions): Promise<string> {
  const found = readId(await store.read(ID_OBJECT, 1 << 16));
  if (found !== undefined) return found;
  const unknown = sha256(Buffer.from(store.name)).slice(0, 32);
  if (push === "never") return unknown;
  const id = randomBytes(16).toString("hex");
  try {
    await store.write(ID_OBJECT, Buffer.from(`${JSON.stringify({ format: recordFormat, id })}\n`));
  } catch (error) {
    // One may be allowed to read alone: that is said when something is to be sent.
    if (error instanceof ObjectError && error.kind === "refused") return unknown;
    throw error;
  }
  return readId(await store.read(ID_OBJECT, 1 << 16)) ?? unknown;
}

function readId(bytes: Uint8Array | undefined): string | undefined {
  if (bytes === undefined) return undefined;
  let json: Json;
  try {
    json = JSON.parse(Buffer.from(bytes).toString("utf8")) as Json;
  } catch {
    json = null;
  }
  const { format, id } = isObject(json) ? json : {};
  if (typeof format === "number" && format > recordFormat)
    throw new ObjectError("refused", "a newer flow keeps results there: bring this one up to date");
  if (typeof id !== "string" || !/^[0-9a-f]{32}$/.test(id))
    throw new ObjectError("refused", `something else is kept there: its ${ID_OBJECT} is not flow's`);
  return id;
}

/** The files that the outputs only name lie where they lie on this machine. */
function atHome({ record, originInput }: FetchedResult, folderOf: Wanted["folderOf"]): KeyRecord | undefined {
  if (record.origin?.kind !== "folder") return record;
  const path = originInput === undefined ? undefined : folderOf(originInput);
  return path !== undefined && existsSync(path) ? { ...record, origin: { kind: "folder", path } } : undefined;
}
