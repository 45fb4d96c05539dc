import { close, lstatSync, mkdirSync, open, readdirSync, write } from "node:fs";
import { rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { newFolder } from "../../engine/new-folder.ts";
import { StepError } from "../../engine/step-type.ts";
import { entryPath, isOfMacos, shownName } from "./entry-path.ts";
import type { Tally } from "./tally.ts";

/** What an archive says of an entry. */
export interface EntryHeader {
  readonly name: string;
  readonly kind: EntryKind;
  readonly bytes: number;
  /** Whether the archive does not say how the name is encoded, and it is not plain ASCII. */
  readonly isGuessed: boolean;
}

export type EntryKind = "file" | "folder" | "link" | "hard link" | "device" | "pipe" | "socket" | "unknown";

/** A fresh folder that an archive is unpacked into. Nothing is ever written outside it, nor over what is there. */
export interface Destination {
  /**
   * Makes the folders that an entry needs.
   *
   * @returns the path to write to, for a file that is kept.
   * @throws StepError where the entry has no place in the folder.
   */
  place(entry: EntryHeader): string | undefined;
  /** @throws StepError where another entry has this name. What reading the content throws, as it is. */
  write(file: string, content: Buffer | AsyncIterable<Buffer>): Promise<void>;
  /** Removes what was written. When nothing is being written any more. */
  remove(): Promise<void>;
  readonly files: number;
  readonly bytes: number;
  /** Files that macOS had left in the archive. */
  readonly leftOut: number;
  /** Names of files that were decoded by guess: how many, and the first. */
  readonly guessed: { readonly count: number; readonly first: string };
}

export interface Placing {
  /** The archive, for messages. */
  readonly shown: string;
  readonly tally: Tally;
}

/** @param folder absolute; is made where it is not there, and is empty. */
export function destinationAt(folder: string, { shown, tally }: Placing): Destination {
  const made = newFolder(folder);
  if (readdirSync(folder).length > 0) throw new Error(`${folder} is not empty`);
  const folders = new Set<string>([folder]);
  let files = 0;
  let bytes = 0;
  let leftOut = 0;
  const guessed = { count: 0, first: "" };
  const refuse = (why: string): never => {
    throw new StepError(`${shown} is not unpacked: ${why}`);
  };
  const nameOf = (full: string): string => shownName(full.slice(folder.length + 1));

  const ensureFolder = (full: string): void => {
    if (folders.has(full)) return;
    ensureFolder(dirname(full));
    // A name can ask for hundreds of them.
    tally.countEntries(1);
    try {
      mkdirSync(full);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
      if (!lstatSync(full).isDirectory()) refuse(`it has ${nameOf(full)} as a file and as a folder`);
    }
    folders.add(full);
  };

  return {
    place({ name, kind, bytes: size, isGuessed }) {
      tally.countEntries(1);
      const found = entryPath(name);
      if (found.kind === "refused") return refuse(`${shownName(name)} ${found.why}`);
      if (kind !== "file" && kind !== "folder") return refuse(`${shownName(name)} ${whyNot(kind)}`);
      const isFolder = kind === "folder" || name.endsWith("/");
      if (isFolder && size > 0) return refuse(`${shownName(name)} is a folder that has a content`);
      if (isOfMacos(found.path)) {
        if (!isFolder) leftOut++;
        return undefined;
      }
      if (found.path === "" && !isFolder) return refuse("it has a file without a name");
      const full = found.path === "" ? folder : join(folder, found.path);
      ensureFolder(isFolder ? full : dirname(full));
      if (isFolder) return undefined;
      files++;
      bytes += size;
      if (isGuessed && guessed.count++ === 0) guessed.first = found.path;
      return full;
    },
    async write(file, content) {
      try {
        await (Buffer.isBuffer(content)
          ? writeWhole(file, content)
          : writeFile(file, content, { flag: NEW, mode: MODE }));
      } catch (error) {
        const { code, path } = error as NodeJS.ErrnoException;
        if (code === "EEXIST" && path === file) {
          const isFolder = lstatSync(file).isDirectory();
          refuse(
            isFolder
              ? `it has ${nameOf(file)} as a file and as a folder`
              : `it has two entries named ${nameOf(file)}`,
          );
        }
        throw error;
      }
    },
    async remove() {
      const names = made === undefined ? readdirSync(folder).map((name) => join(folder, name)) : [made];
      for (const name of names) await rm(name, { recursive: true, force: true });
    },
    get files() {
      return files;
    },
    get bytes() {
      return bytes;
    },
    guessed,
    get leftOut() {
      return leftOut;
    },
  };
}

const NEW = "wx";
const MODE = 0o644;
const openFile = promisify(open);
const writeTo = promisify(write);
const closeFile = promisify(close);

/** Node's `writeFile` takes half as long again for small files. */
async function writeWhole(file: string, content: Buffer): Promise<void> {
  const fd = await openFile(file, NEW, MODE);
  try {
    for (let done = 0; done < content.length; )
      done += (await writeTo(fd, content, done, content.length - done)).bytesWritten;
  } finally {
    await closeFile(fd);
  }
}

const unpackYourself = "; unpack it yourself and give the folder";

function whyNot(kind: Exclude<EntryKind, "file" | "folder">): string {
  switch (kind) {
    case "link":
      return `is a link, which could lead anywhere${unpackYourself}`;
    case "hard link":
      return `is a hard link to another file${unpackYourself}`;
    case "device":
      return "is a device, not a file";
    case "pipe":
      return "is a pipe, not a file";
    case "socket":
      return "is a socket, not a file";
    case "unknown":
      return `is of a kind that is not read, such as a sparse file or a part of another archive${unpackYourself}`;
    default:
      return kind satisfies never;
  }
}
