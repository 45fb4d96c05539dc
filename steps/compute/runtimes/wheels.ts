import { createHash } from "node:crypto";
import { createReadStream, createWriteStream, existsSync, mkdirSync, readdirSync, statSync } from "node:fs";
import { rename, rm, writeFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { pipeline } from "node:stream/promises";
import { MachineError } from "../../../engine/step-type.ts";
import { openZip } from "../zip.ts";
import type { Wheel } from "./catalog.ts";
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

/**
 * Brings one wheel with pip, from whatever index the user's pip knows.
 *
 * @returns its path.
 * @throws MachineError where the network, the index or the disk fails, or what
 *   arrives is not what it should be. The signal's reason where it is aborted.
 */
export async function fetchWheel(wheel: Wheel, fetching: Fetching): Promise<string> {
  const { python, env, downloads, scratch, signal } = fetching;
  const kept = join(downloads, `${wheel.sha256}.whl`);
  if (existsSync(kept) && (await sha256(kept)) === wheel.sha256) return kept;
  const folder = join(scratch, wheel.project);
  mkdirSync(folder, { recursive: true });
  const requirements = join(folder, "requirements.txt");
  await writeFile(requirements, `${wheel.project}==${wheel.version} --hash=sha256:${wheel.sha256}\n`);
  const looking = setInterval(() => fetching.progress(Math.min(wheel.bytes, bytesBelow(folder))), LOOK_MS);
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
  mkdirSync(downloads, { recursive: true });
  await rename(join(folder, file), kept);
  await rm(folder, { recursive: true, force: true });
  fetching.progress(wheel.bytes);
  return kept;
}

function whyPip({ project, version }: Wheel, said: string): string {
  const lines = said.split("\n").map((line) => line.trim());
  const last =
    lines.filter((line) => /^ERROR:/.test(line)).at(-1) ?? lines.filter((line) => line !== "").at(-1);
  const words = (last ?? "it does not say why").replace(/^ERROR: /, "");
  const isNetwork =
    /Connection|Temporary failure|Name or service|Max retries|timed out|ProxyError|SSLError|NewConnectionError|Network is unreachable/i;
  if (/No space left|Errno 28/.test(said)) return `the disk is full: ${project} ${version} could not be kept`;
  if (isNetwork.test(said))
    return `the package index cannot be reached (${words}): ${project} ${version} was not fetched`;
  return `pip does not bring ${project} ${version}: ${words}`;
}

/**
 * Unpacks the files of a wheel that are kept, flat: of the names in the archive
 * only what stands behind the last slash is used.
 *
 * @throws MachineError where it is damaged, or none of the files is in it.
 */
export async function unpackWheel(path: string, keeps: RegExp, folder: string): Promise<readonly string[]> {
  mkdirSync(folder, { recursive: true });
  const zip = await openZip(path).catch((error: Error) => {
    throw new MachineError(`${basename(path)} is no wheel: ${error.message}`);
  });
  const kept: string[] = [];
  try {
    for (const entry of zip.entries.values()) {
      const name = entry.name.slice(entry.name.lastIndexOf("/") + 1);
      if (!keeps.test(name) || kept.includes(name)) continue;
      await pipeline(await zip.open(entry), createWriteStream(join(folder, name), { flags: "wx" }));
      kept.push(name);
    }
  } finally {
    zip.close();
  }
  return kept;
}

async function sha256(path: string): Promise<string> {
  const hash = createHash("sha256");
  for await (const chunk of createReadStream(path, { highWaterMark: 1 << 20 })) hash.update(chunk);
  return hash.digest("hex");
}

/** What pip has loaded so far, wherever below its temporary folder. */
function bytesBelow(folder: string): number {
  let bytes = 0;
  try {
    for (const name of readdirSync(folder, { recursive: true, encoding: "utf8" })) {
      const stat = statSync(join(folder, name), { throwIfNoEntry: false });
      if (stat?.isFile()) bytes += stat.size;
    }
  } catch {
    // Files come and go meanwhile.
  }
  return bytes;
}
