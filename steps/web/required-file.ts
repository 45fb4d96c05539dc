import { createHash } from "node:crypto";
import { createReadStream, existsSync } from "node:fs";
import { rm, stat } from "node:fs/promises";
import { basename, join } from "node:path";
import { fileDigest } from "../../engine/cache/tree.ts";
import { whatIsWrong } from "../../engine/requirements.ts";
import { type RequiredFile, StepError } from "../../engine/step-type.ts";
import { fetchFile } from "./fetch-file.ts";
import { type PartialFile, partialFile, removePartials } from "./partial-file.ts";
import { mistakeOfUrl } from "./url.ts";

export interface BringingFile {
  /** FLOW_HOME. */
  readonly home: string;
  /**
   * Where it is instead of its own URL: a URL, or the absolute path of a file.
   * Of a URL that ends in `/`, and of a folder, the file of its name.
   */
  readonly from?: string;
  readonly signal: AbortSignal;
  /** How many bytes are there. */
  progress(bytes: number): void;
}

/**
 * Brings a required file into FLOW_HOME: whole and checked, by one rename. What
 * is fetched and then interrupted is gone on with.
 *
 * @returns false where it is there already.
 * @throws StepError where nothing is at that place or it is another file,
 *   MachineError where the network fails. The signal's reason where it is aborted.
 */
export async function bringFile(file: RequiredFile, bringing: BringingFile): Promise<boolean> {
  const { home, from = file.url } = bringing;
  const path = join(home, file.path);
  if (existsSync(path)) {
    const bytes = (await stat(path)).size;
    const md5 = await fileDigest(path, bytes, "md5");
    bringing.signal.throwIfAborted();
    if (whatIsWrong(file, { bytes, md5 }) === undefined) return false;
  }
  const partial = partialFile(path);
  if (/^[a-z][a-z\d+.-]*:\/\//i.test(from)) await fetch(file, from, partial, bringing);
  else await copy(file, await fileAt(from, basename(path)), partial, bringing);
  await partial.finish();
  return true;
}

/** False where it was not there. */
export async function removeFile(file: RequiredFile, home: string): Promise<boolean> {
  const path = join(home, file.path);
  await removePartials(path);
  if (!existsSync(path)) return false;
  await rm(path);
  return true;
}

async function fetch(
  file: RequiredFile,
  from: string,
  { sink }: PartialFile,
  { signal, progress }: BringingFile,
): Promise<void> {
  const mistake = mistakeOfUrl(from);
  if (mistake !== undefined) throw new StepError(`${from}: ${mistake}`);
  const url = from.endsWith("/") ? new URL(basename(file.path), from) : new URL(from);
  await fetchFile({
    urls: [url.href],
    sink,
    algorithm: "md5",
    whatIsWrong: ({ bytes, digest }) => whatIsWrong(file, { bytes, md5: digest }),
    // Whoever names a host means it.
    privateHosts: from === file.url ? [] : [url.hostname],
    signal,
    progress: ({ done }) => progress(done),
    log() {},
  });
}

async function fileAt(path: string, name: string): Promise<string> {
  const found = await stat(path).catch(() => undefined);
  if (found?.isDirectory()) return fileAt(join(path, name), name);
  if (found?.isFile()) return path;
  throw new StepError(`there is no file ${path}`);
}

async function copy(
  file: RequiredFile,
  from: string,
  { sink }: PartialFile,
  { signal, progress }: BringingFile,
): Promise<void> {
  const hash = createHash("md5");
  let bytes = 0;
  await sink.begin({ bytes: (await stat(from)).size, from: "nothing", see() {} });
  for await (const block of createReadStream(from, { signal })) {
    hash.update(block);
    await sink.add(block);
    bytes += block.length;
    progress(bytes);
  }
  const wrong = whatIsWrong(file, { bytes, md5: hash.digest("hex") });
  if (wrong === undefined) return;
  await sink.forget();
  throw new StepError(`${from} ${wrong}`);
}
