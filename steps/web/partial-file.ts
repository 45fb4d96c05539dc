import { existsSync } from "node:fs";
import { type FileHandle, open, readdir, readFile, rename, rm, stat, writeFile } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { syncFiles } from "../../engine/cache/durable.ts";
import { canonicalJson, type JsonObject } from "../../engine/json.ts";
import { newFolder } from "../../engine/new-folder.ts";
import { fromWord, isAlive, ownIdentity, toWord } from "../../engine/process-identity.ts";
import { type Beginning, requireRoom, type Sink } from "./sink.ts";

/** A file that is whole or not there; what has come of it lies in a folder beside it, named by whose it is. */
export interface PartialFile {
  readonly sink: Sink;
  /** Puts the file in its place, and whatever stood there away. */
  finish(): Promise<void>;
}

/** After so long nobody still fetches, where the owner cannot be seen from here. */
const DAY_MS = 86_400_000;

/**
 * @param path where the file is to be. What a dead process left beside it is
 *   taken over; what a living one is at is let alone.
 */
export function partialFile(path: string): PartialFile {
  const folder = join(dirname(path), `${prefixOf(path)}${toWord(ownIdentity())}`);
  const content = join(folder, "content");
  const versionFile = join(folder, "version.json");
  let file: FileHandle | undefined;
  const close = async (): Promise<void> => {
    await file?.close();
    file = undefined;
  };
  return {
    sink: {
      async begin({ version, bytes = 0, from, see }) {
        await close();
        newFolder(dirname(path));
        await takeOver(path, folder);
        newFolder(folder);
        const text = version === undefined ? "" : canonicalJson(version as unknown as JsonObject);
        if (from === "what is there" && text !== "" && (await textOf(versionFile)) === text) {
          file = await open(content, "a+");
          await readAll(file, bytes, see);
          return requireRoom(folder, bytes - (await file.stat()).size);
        }
        // In this order: what is there is never taken for a version that it is not.
        await rm(versionFile, { force: true });
        file = await open(content, "w");
        if (text !== "") await writeFile(versionFile, text);
        await requireRoom(folder, bytes);
      },
      async add(bytes) {
        file ??= await open(content, "a");
        await file.writeFile(bytes);
      },
      rest: close,
      async forget() {
        await close();
        await rm(folder, { recursive: true, force: true });
      },
    },
    async finish() {
      await close();
      await syncFiles(folder, ["content"]);
      await rename(content, path);
      await syncFiles(dirname(path), []);
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** Removes what was fetched of a file, but for what a living process is at. */
export async function removePartials(path: string): Promise<void> {
  for (const left of await abandoned(path)) await rm(left, { recursive: true, force: true });
}

function prefixOf(path: string): string {
  return `.partial-${basename(path)}~`;
}

/** Makes the newest folder that a dead process left one's own. */
async function takeOver(path: string, folder: string): Promise<void> {
  for (const left of await abandoned(path)) {
    try {
      if (existsSync(folder)) await rm(left, { recursive: true, force: true });
      else await rename(left, folder);
    } catch (error) {
      // Another process was first.
      if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
    }
  }
}

/** Folders of dead processes, the newest first. */
async function abandoned(path: string): Promise<readonly string[]> {
  const prefix = prefixOf(path);
  if (!existsSync(dirname(path))) return [];
  const found: { readonly left: string; readonly changed: number }[] = [];
  for (const name of await readdir(dirname(path))) {
    if (!name.startsWith(prefix)) continue;
    const left = join(dirname(path), name);
    const changed = (await stat(join(left, "content")).catch(() => undefined))?.mtimeMs ?? 0;
    const owner = fromWord(name.slice(prefix.length));
    const lives = owner === undefined ? undefined : isAlive(owner);
    if (lives === false || (lives === undefined && Date.now() - changed > DAY_MS)) {
      found.push({ left, changed });
    }
  }
  return found.sort((a, b) => b.changed - a.changed).map(({ left }) => left);
}

async function textOf(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, "utf8");
  } catch {
    return undefined;
  }
}

const BLOCK_BYTES = 2 ** 20;

async function readAll(file: FileHandle, most: number, see: Beginning["see"]): Promise<void> {
  const block = Buffer.alloc(BLOCK_BYTES);
  let position = 0;
  for (;;) {
    const { bytesRead } = await file.read(block, 0, Math.min(BLOCK_BYTES, most - position), position);
    if (bytesRead === 0) break;
    see(block.subarray(0, bytesRead));
    position += bytesRead;
  }
  // What is appended stands behind what was seen.
  await file.truncate(position);
}
