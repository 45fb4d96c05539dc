import { randomBytes } from "node:crypto";
import { mkdir, readdir, rename, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { printableLine } from "../../engine/printable.ts";
import { StepError } from "../../engine/step-type.ts";
import { isArchive, unpack } from "../archives/unpack.ts";
import { fetchFile } from "../web/fetch-file.ts";
import { nameOf, urlsOf } from "./check.ts";
import type { DownloadContext } from "./declaration.ts";
import { keptChunks } from "./kept-chunks.ts";

/** Fetches the file, checks it, and puts it or what it holds into the output. */
export async function run(ctx: DownloadContext): Promise<void> {
  const { params } = ctx;
  const name = nameOf(params);
  if (name === undefined) throw new Error("a URL without a name passed the check");
  const unpacks = params.folder !== undefined || (params.unpack === "auto" ? isArchive(name) : params.unpack);
  const output = ctx.output("files");
  // Beside what is unpacked, under a name that no archive can know.
  const scratch = unpacks ? join(output, `.archive-${randomBytes(8).toString("hex")}`) : output;
  await mkdir(scratch, { recursive: true });
  const file = join(scratch, name);
  await fetchInto(file, ctx);
  if (!unpacks) return;
  const content = join(scratch, "content");
  await mkdir(content);
  const { files, notes } = await unpackNamed(file, { name, folder: content, signal: ctx.signal });
  for (const note of notes) ctx.note("files", note);
  await moveUp(await folderOf(content, params.folder, name), output);
  await rm(scratch, { recursive: true });
  ctx.metric({ files });
}

async function fetchInto(file: string, ctx: DownloadContext): Promise<void> {
  const { url, sha256, privateHosts = [] } = ctx.params;
  const chunks = keptChunks(ctx, file);
  const { bytes, fetched, digest } = await fetchFile({
    urls: urlsOf(url),
    sink: chunks.sink,
    algorithm: "sha256",
    whatIsWrong: ({ digest: found }) =>
      sha256 === undefined || found === sha256.toLowerCase()
        ? undefined
        : `has the sha256 ${found}, not ${sha256}`,
    privateHosts,
    signal: ctx.signal,
    progress: ({ done, total = 0, reused }) => ctx.progress({ done, total, unit: "bytes", reused }),
    log: ctx.log,
  });
  await chunks.finish();
  ctx.metric({ bytes, fetched });
  if (sha256 !== undefined) return;
  ctx.note(
    "files",
    `what was downloaded was not checked, as no sha256 says what it has to be; it has sha256: ${digest}`,
  );
}

interface UnpackingNamed {
  readonly name: string;
  readonly folder: string;
  readonly signal: AbortSignal;
}

/** Sentences about an archive call it by its name: where it lies is nobody's business. */
async function unpackNamed(
  file: string,
  { name, folder, signal }: UnpackingNamed,
): ReturnType<typeof unpack> {
  const named = (text: string): string => text.replaceAll(printableLine(file), name);
  try {
    const unpacked = await unpack(file, folder, { signal });
    return { ...unpacked, notes: unpacked.notes.map(named) };
  } catch (error) {
    throw error instanceof StepError ? new StepError(named(error.message)) : error;
  }
}

async function folderOf(content: string, folder: string | undefined, archive: string): Promise<string> {
  if (folder === undefined) return content;
  const path = join(content, folder);
  if ((await stat(path).catch(() => undefined))?.isDirectory()) return path;
  const there = (await readdir(content)).sort().slice(0, 10).join(", ");
  throw new StepError(`${archive} holds no folder ${folder}; it holds ${there}`);
}

async function moveUp(from: string, to: string): Promise<void> {
  for (const name of await readdir(from)) await rename(join(from, name), join(to, name));
}
