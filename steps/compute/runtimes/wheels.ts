import { createWriteStream, existsSync, readdirSync } from "node:fs";
import { rename, rm, stat, writeFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { pipeline } from "node:stream/promises";
import { fileDigest } from "../../../engine/cache/tree.ts";
import { bytesBelow } from "../../../engine/folder-bytes.ts";
import { newFolder } from "../../../engine/new-folder.ts";
import { MachineError } from "../../../engine/step-type.ts";
import { entriesByName, LINK, openZip, type Zip } from "../../archives/zip.ts";
import type { Wheel } from "./catalog.ts";
import { whyPip } from "./pip-words.ts";
import { type Python, runProgram } from "./python.ts";

export interface Fetching {
  readonly python: Python;
  readonly env: NodeJS.ProcessEnv;
  /** Where wheels are kept until all are there: what was fetched whole is not fetched again. */
  readonly downloads: string;
  /** For what is not whole yet; on the same file system. */
  readonly scratch: string;
  readonly signal: AbortSignal;
  /** How many bytes of this wheel have arrived. */
  progress(bytes: number): void;
}

const LOOK_MS = 300;

/** Where a wheel is kept. */
export function keptWheel(downloads: string, { sha256 }: Wheel): string {
  return join(downloads, `${sha256}.whl`);
}

/**
 * Brings one wheel with pip, from whatever index the user's pip knows.
 *
 * @returns its path.
 * @throws MachineError where the network, the index or the disk fails, or what
 *   arrives is not what it should be. The signal's reason where it is aborted.
 */
export async function fetchWheel(wheel: Wheel, fetching: Fetching): Promise<string> {
  const { python, env, downloads, scratch, signal } = fetching;
  const kept = keptWheel(downloads, wheel);
  if (existsSync(kept) && (await sha256(kept)) === wheel.sha256) {
    fetching.progress(wheel.bytes);
    return kept;
  }
  signal.throwIfAborted();
  const folder = join(scratch, wheel.project);
  newFolder(folder);
  const requirements = join(folder, "requirements.txt");
  await writeFile(requirements, `${wheel.project}==${wheel.version} --hash=sha256:${wheel.sha256}\n`);
  fetching.progress(0);
  const looking = setInterval(() => fetching.progress(Math.min(wheel.bytes - 1, arrived(folder))), LOOK_MS);
  const { code, stdout, stderr } = await runProgram(
    python.command,
    [
      ...["-m", "pip", "download", "--no-deps", "--only-binary=:all:", "--disable-pip-version-check"],
      ...["--no-input", "--no-cache-dir", "--progress-bar=off", "--implementation=cp"],
      ...[`--platform=${wheel.platform}`, `--python-version=${wheel.python}`],
      ...["--require-hashes", "--requirement", requirements, "--dest", folder],
    ],
    // pip puts what it loads there first: so it is seen growing, and is gone with the rest.
    { env: { ...env, TMPDIR: folder }, signal },
  ).finally(() => clearInterval(looking));
  signal.throwIfAborted();
  const file = readdirSync(folder).find((name) => name.endsWith(".whl"));
  if (code !== 0 || file === undefined) throw new MachineError(whyPip(wheel, `${stdout}\n${stderr}`));
  const found = await sha256(join(folder, file));
  if (found !== wheel.sha256) {
    throw new MachineError(
      `${wheel.project} ${wheel.version} arrived with the sha256 ${found}, not ${wheel.sha256}`,
    );
  }
  newFolder(downloads);
  await rename(join(folder, file), kept);
  await rm(folder, { recursive: true, force: true });
  fetching.progress(wheel.bytes);
  return kept;
}

export interface Unpacking {
  /** Which files, by their names without the folder. */
  readonly keeps: RegExp;
  readonly folder: string;
  readonly signal?: AbortSignal;
}

/** Libraries become a third when they are compressed; a zip file can claim, and hold, anything. */
const MOST_RATIO = 20;
const MOST_SMALL = 2 ** 24;

/**
 * Unpacks the files of a wheel that are kept, flat: of the names in the archive
 * only what stands behind the last slash is used.
 *
 * @throws MachineError where it is damaged or larger than a wheel can be, or none of the files is in it.
 */
export async function unpackWheel(path: string, unpacking: Unpacking): Promise<readonly string[]> {
  const wheel = basename(path);
  const damaged = (error: Error): never => {
    if (error instanceof MachineError || "syscall" in error || unpacking.signal?.aborted) throw error;
    throw new MachineError(`${wheel} is no wheel, or is damaged: ${error.message}`);
  };
  newFolder(unpacking.folder);
  const { size } = await stat(path);
  const zip = await openZip(path).catch(damaged);
  try {
    const kept = await unpackFiles(zip, {
      ...unpacking,
      wheel,
      most: Math.max(MOST_SMALL, size * MOST_RATIO),
    }).catch(damaged);
    if (kept.length === 0) throw new MachineError(`${wheel} holds none of the libraries that it should`);
    return kept;
  } finally {
    await zip.close();
  }
}

interface UnpackingFiles extends Unpacking {
  readonly wheel: string;
  /** Bytes that all files together may have. */
  readonly most: number;
}

async function unpackFiles(
  zip: Zip,
  { keeps, folder, signal, wheel, most }: UnpackingFiles,
): Promise<readonly string[]> {
  const kept: string[] = [];
  let bytes = 0;
  for (const entry of (await entriesByName(zip)).values()) {
    const name = entry.name.slice(entry.name.lastIndexOf("/") + 1);
    if (!keeps.test(name)) continue;
    if (entry.format === LINK) throw new MachineError(`${wheel} has a link where ${name} should be`);
    if (kept.includes(name)) throw new MachineError(`${wheel} has two files ${name}`);
    bytes += entry.bytes;
    if (bytes > most) throw new MachineError(`${wheel} says that it holds more than such a file can`);
    const file = createWriteStream(join(folder, name), { flags: "wx" });
    await pipeline(entry.stream(), file, ...(signal === undefined ? [] : [{ signal }]));
    kept.push(name);
  }
  return kept;
}

async function sha256(path: string): Promise<string> {
  return fileDigest(path, (await stat(path)).size);
}

/** What pip has loaded so far, wherever below its temporary folder. */
function arrived(folder: string): number {
  try {
    return bytesBelow(folder);
  } catch {
    // Folders come and go meanwhile.
    return 0;
  }
}
