import { randomBytes } from "node:crypto";
import { constants } from "node:fs";
import { access, chmod, link, mkdir, open, readdir, rename, rm, stat } from "node:fs/promises";
import { hostname } from "node:os";
import { dirname, join } from "node:path";
import { ObjectError, type ObjectStore, type Waiting } from "./object-store.ts";
import { withoutSilence } from "./silence.ts";

/** A folder on a disk that several machines share. @param folder absolute. */
export function openFolderStore(folder: string): ObjectStore {
  const pathOf = (key: string): string => {
    if (!/^[a-z0-9]+(?:[/.][a-z0-9]+)*$/.test(key)) throw new Error(`"${key}" cannot name an object`);
    return join(folder, key);
  };
  let isLookedAt = false;
  const lookAt = async (): Promise<void> => {
    if (isLookedAt) return;
    // Both have `keys/`, and other records in it.
    if ((await stat(join(folder, "CACHEDIR.TAG")).catch(absent)) !== undefined)
      throw new ObjectError(
        "refused",
        `${folder} is a cache: name it as \`cache\`, and another folder as \`remote\``,
      );
    await dropLeft(join(folder, "incoming"));
    isLookedAt = true;
  };
  const doing = <Result>(waiting: Waiting, work: () => Promise<Result>): Promise<Result> =>
    // A disk of the network's may hang: then nothing comes back at all.
    withoutSilence(folder, waiting, () => lookAt().then(work)).catch((error: unknown) => {
      throw asObjectError(error, folder);
    });
  const put = async (key: string, bytes: Uint8Array, place: typeof appear): Promise<boolean> => {
    await makeRoot(folder);
    const path = pathOf(key);
    const incoming = join(folder, "incoming");
    const staged = join(incoming, `${hostname()}-${process.pid}-${randomBytes(6).toString("hex")}`);
    await makeFolders(folder, incoming);
    try {
      const file = await open(staged, "wx", 0o666);
      try {
        await file.writeFile(bytes);
        if (await isShared(folder)) await file.chmod(0o664);
        await file.sync();
      } finally {
        await file.close();
      }
      await makeFolders(folder, dirname(path));
      return await place(staged, path);
    } finally {
      await rm(staged, { force: true });
    }
  };
  return {
    name: folder,
    read: (key, most, waiting) =>
      doing(waiting, async () => {
        const file = await open(pathOf(key), "r").catch(absent);
        if (file === undefined) return undefined;
        try {
          const { size } = await file.stat();
          if (size > most) throw new ObjectError("refused", `${key} in ${folder} is larger than it may be`);
          return await file.readFile();
        } finally {
          await file.close();
        }
      }),
    has: (key, waiting) =>
      doing(waiting, async () => (await stat(pathOf(key)).catch(absent))?.isFile() === true),
    write: (key, bytes, waiting) => doing(waiting, () => put(key, bytes, appear)),
    overwrite: (key, bytes, waiting) =>
      doing(waiting, async () => {
        await put(key, bytes, async (staged, path) => {
          await rename(staged, path);
          return true;
        });
      }),
    remove: (key, waiting) => doing(waiting, () => rm(pathOf(key), { force: true })),
  };
}

/** A file takes minutes to write, not days. */
const LEFT_MS = 24 * 3600 * 1000;

/** Deletes what writers left who died. */
async function dropLeft(incoming: string): Promise<void> {
  for (const name of (await readdir(incoming).catch(absent)) ?? []) {
    const file = join(incoming, name);
    const found = await stat(file).catch(absent);
    // Another's may not be this user's to delete.
    if (found !== undefined && Date.now() - found.mtimeMs > LEFT_MS)
      await rm(file, { force: true }).catch(() => {});
  }
}

/** The folder itself may be made; what is above it is there, or is not mounted. */
async function makeRoot(folder: string): Promise<void> {
  if ((await stat(folder).catch(absent)) !== undefined) return;
  const above = dirname(folder);
  if ((await stat(above).catch(absent)) === undefined)
    throw new ObjectError("refused", `there is no folder ${above}: is the disk mounted?`);
  await mkdir(folder, { recursive: true });
}

/** Bits that make a folder one of a group's. */
const SHARED = 0o2020;

async function isShared(folder: string): Promise<boolean> {
  return ((await stat(folder)).mode & SHARED) !== 0;
}

/** In a folder of a group's, new ones are the group's too, whatever the umask of whoever makes them. */
async function makeFolders(root: string, path: string): Promise<void> {
  const first = await mkdir(path, { recursive: true });
  if (first === undefined || !(await isShared(root))) return;
  const mode = (await stat(root)).mode & 0o7777;
  for (let made = path; made.length >= first.length; made = dirname(made)) await chmod(made, mode);
}

/** Gives a file its name unless another has it; then false. */
async function appear(staged: string, path: string): Promise<boolean> {
  try {
    await link(staged, path);
    return true;
  } catch (error) {
    const { code = "" } = error as NodeJS.ErrnoException;
    if (code === "EEXIST") return false;
    if (!["EPERM", "ENOTSUP", "EOPNOTSUPP", "ENOSYS", "EMLINK"].includes(code)) throw error;
  }
  // A disk without hard links. What two write at once under one name is the same, or as good.
  const isThere = await access(path, constants.F_OK).then(
    () => true,
    () => false,
  );
  if (!isThere) await rename(staged, path);
  return !isThere;
}

function absent(error: unknown): undefined {
  if (/^(ENOENT|ENOTDIR)$/.test((error as NodeJS.ErrnoException).code ?? "")) return undefined;
  throw error;
}

const sentences: Readonly<Record<string, string>> = {
  EACCES: "may not be read or written by you",
  EPERM: "may not be read or written by you",
  ENOTDIR: "is no folder, or lies in what is none",
  EEXIST: "is no folder, or lies in what is none",
  EROFS: "is on a disk that is read-only",
  ENOSPC: "is on a disk that is full",
  EDQUOT: "is on a disk of which your share is full",
};

function asObjectError(error: unknown, folder: string): unknown {
  const { code = "" } = error as NodeJS.ErrnoException;
  const sentence = sentences[code];
  if (sentence !== undefined) return new ObjectError("refused", `${folder} ${sentence} (${code})`);
  if (/^(EIO|ESTALE|ETIMEDOUT|EHOSTDOWN|ENOTCONN|EREMOTEIO)$/.test(code))
    return new ObjectError("away", `${folder} cannot be reached (${code})`);
  return error;
}
