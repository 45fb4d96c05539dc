import { createHash } from "node:crypto";
import { open } from "node:fs/promises";
import type { TreeFile } from "../cache/tree.ts";
import { CacheError } from "../step-type.ts";
import { PART_BYTES, type Part, type Places, sha256 } from "./format.ts";
import type { Known, KnownPart } from "./known.ts";

/** Files below it share objects. */
const SMALL_BYTES = PART_BYTES / 4;
/** Objects that are sent at a time: they are in memory until they are there. */
const AT_ONCE = 4;

/** A file of the cache. */
export interface FileToSend extends Pick<TreeFile, "digest" | "bytes"> {
  /** Absolute. */
  readonly path: string;
  /** What it is part of, for people. */
  readonly of: string;
}

/** Sends the contents of files: those that are not known to be there. */
export interface Packer {
  /** @throws CacheError where a file is not what it should be. */
  add(files: readonly FileToSend[]): Promise<void>;
  /** When all that was added is there. */
  finish(): Promise<void>;
  /** Where they lie. After `finish`. */
  places(files: readonly Pick<TreeFile, "digest">[]): Places;
}

/** @param send makes an object of that name. */
export function openPacker(known: Known, send: (name: string, bytes: Uint8Array) => Promise<void>): Packer {
  const fresh = new Map<string, readonly KnownPart[]>();
  const sending = new Set<Promise<void>>();
  let failure: unknown;
  let small: { readonly digest: string; readonly bytes: Buffer }[] = [];
  let size = 0;

  const begin = async (bytes: Uint8Array): Promise<string> => {
    while (sending.size >= AT_ONCE) await Promise.race(sending);
    if (failure !== undefined) throw failure;
    const name = sha256(bytes);
    const sent = send(name, bytes)
      .catch((error: unknown) => {
        failure ??= error;
      })
      .finally(() => sending.delete(sent));
    sending.add(sent);
    return name;
  };
  const flush = async (): Promise<void> => {
    if (small.length === 0) return;
    const held = small;
    [small, size] = [[], 0];
    const pack = await begin(Buffer.concat(held.map(({ bytes }) => bytes)));
    let from = 0;
    for (const { digest, bytes } of held) {
      fresh.set(digest, [[pack, from, bytes.length]]);
      from += bytes.length;
    }
  };
  const addSmall = async (file: FileToSend, bytes: Buffer): Promise<void> => {
    if (size + bytes.length > PART_BYTES) await flush();
    small.push({ digest: file.digest, bytes });
    size += bytes.length;
  };

  return {
    async add(files) {
      for (const file of files) {
        if (fresh.has(file.digest) || known.get(file.digest) !== undefined) continue;
        // It gets its place when its pack is full.
        fresh.set(file.digest, []);
        if (file.bytes === 0) continue;
        const parts: KnownPart[] = [];
        for await (const bytes of contentOf(file)) {
          if (file.bytes < SMALL_BYTES) await addSmall(file, bytes);
          else parts.push([await begin(bytes), 0, bytes.length]);
        }
        if (parts.length > 0) fresh.set(file.digest, parts);
      }
    },
    async finish() {
      await flush();
      await Promise.all(sending);
      if (failure !== undefined) throw failure;
      known.add(fresh);
    },
    places: (files) => placesOf(files, (digest) => fresh.get(digest) ?? known.get(digest) ?? []),
  };
}

function placesOf(
  files: readonly Pick<TreeFile, "digest">[],
  partsOf: (digest: string) => readonly KnownPart[],
): Places {
  const packs = new Map<string, number>();
  const number = (name: string): number => {
    const known = packs.get(name) ?? packs.size;
    packs.set(name, known);
    return known;
  };
  const places = files.map(({ digest }): [string, readonly Part[]] => [
    digest,
    partsOf(digest).map(([name, from, bytes]) => [number(name), from, bytes]),
  ]);
  return { files: Object.fromEntries(places), packs: [...packs.keys()] };
}

/** In parts, each in memory of its own. @throws CacheError at the end, where it is not what it should be. */
async function* contentOf({ path, bytes, digest, of }: FileToSend): AsyncGenerator<Buffer> {
  const damaged = new CacheError(`${of} in the cache is damaged: nothing of it is sent`);
  const hash = createHash("sha256");
  const file = await open(path, "r");
  try {
    for (let at = 0; at < bytes; at += PART_BYTES) {
      const part = Buffer.alloc(Math.min(PART_BYTES, bytes - at));
      const { bytesRead } = await file.read(part, 0, part.length, at);
      if (bytesRead < part.length) throw damaged;
      hash.update(part);
      // Before its last part goes out, so that no list ever names it.
      if (at + part.length === bytes && hash.digest("hex") !== digest) throw damaged;
      yield part;
    }
  } finally {
    await file.close();
  }
}
