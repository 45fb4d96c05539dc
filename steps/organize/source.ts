import { mkdir, readdir, stat } from "node:fs/promises";
import { basename, join, relative, sep } from "node:path";
import { fileDigest } from "../../engine/cache/tree.ts";
import { concurrently } from "../../engine/concurrently.ts";
import { cores } from "../../engine/cores.ts";
import { byCodeUnit } from "../../engine/json.ts";
import { staysInside } from "../../engine/stays-inside.ts";
import { type InputFile, StepError, type StepInput } from "../../engine/step-type.ts";
import { archiveStem, isArchive, unpack } from "../archives/unpack.ts";
import type { OrganizePart } from "./declaration.ts";
import { type Labels, readLabels } from "./labels.ts";
import { isHidden, isTaken } from "./picture-names.ts";
import { readShards } from "./shards.ts";
import { isTable } from "./table-files.ts";
import { readTableRows } from "./table-rows.ts";

/** The files of a source, and what a table says of them. */
export interface Source {
  readonly files: readonly InputFile[];
  readonly labels?: Labels;
  /** What unpacking said. */
  readonly notes: readonly string[];
  /** Whether files were unpacked, and are this step's own: they may be moved, and cannot be left where they are. */
  readonly isUnpacked: boolean;
  /** Whether each folder at the top is an archive that was unpacked. */
  readonly topIsArchives: boolean;
}

/**
 * Opens what is given as a source: a folder, a table, an archive, or a folder of
 * archives. These are unpacked into `scratch`.
 *
 * @throws StepError where an archive or a table is not what it should be.
 */
export async function openSource(ctx: OrganizePart, scratch: string): Promise<Source> {
  const { source, labels } = ctx.inputs;
  const opened = await openFiles(source, scratch, ctx.signal);
  const table = labels?.path ?? opened.table;
  if (table !== undefined) return { ...opened, labels: await readLabels(table, opened.files) };
  if (!opened.isUnpacked) return opened;
  const shards = await readShards(opened.files);
  return shards === undefined ? opened : { ...opened, ...shards };
}

async function openFiles(
  source: StepInput,
  scratch: string,
  signal: AbortSignal,
): Promise<Omit<Source, "labels"> & { readonly table?: string }> {
  const { files } = source;
  if (isTable(source.path)) {
    await refuseOutside(source.path);
    const listed = files.filter(({ absolute }) => absolute !== source.path);
    return { files: listed, notes: [], isUnpacked: false, topIsArchives: false, table: source.path };
  }
  const visible = files.filter(({ path }) => !isHidden(path));
  const archives = visible.filter(({ path }) => isArchive(path));
  if (archives.length === 0 || visible.some(({ path }) => isTaken(path))) {
    return { files, notes: [], isUnpacked: false, topIsArchives: false };
  }
  const isAlone = archives.length === 1;
  const notes: string[] = [];
  for (const archive of archives) {
    // Of several each keeps its name: they may hold files of the same names.
    const folder = isAlone ? scratch : join(scratch, archiveStem(archive.path));
    await mkdir(folder, { recursive: true });
    notes.push(...(await unpack(archive.absolute, folder, { signal })).notes);
  }
  return {
    files: await filesIn(scratch, signal),
    notes,
    isUnpacked: true,
    topIsArchives: !isAlone,
  };
}

/** A table may name what lies in its folder: only that was hashed. */
async function refuseOutside(table: string): Promise<void> {
  const { rows } = await readTableRows(table);
  const outside = rows.find(({ file }) => !staysInside(file));
  if (outside === undefined) return;
  throw new StepError(
    `${basename(table)}:${outside.line}: ${outside.file} is no path in the folder of the table; give the pictures as \`source\` and the table as \`labels\``,
  );
}

/** The files of a folder with their digests, in code-unit order of their paths. */
async function filesIn(folder: string, signal: AbortSignal): Promise<readonly InputFile[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const paths = entries
    .filter((entry) => entry.isFile())
    .map((entry) => relative(folder, join(entry.parentPath, entry.name)).split(sep).join("/"))
    .sort(byCodeUnit);
  const files = new Array<InputFile>(paths.length);
  await concurrently(paths, 4 * cores(), async (path, at) => {
    signal.throwIfAborted();
    const absolute = join(folder, path);
    const bytes = (await stat(absolute)).size;
    files[at] = { path, absolute, digest: `sha256:${await fileDigest(absolute, bytes)}`, bytes };
  });
  return files;
}
