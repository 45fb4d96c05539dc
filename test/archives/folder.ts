import { createHash } from "node:crypto";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type UnpackOptions, unpack } from "../../steps/archives/unpack.ts";

/** Contents by path; where they are long, their digest. */
export type Tree = Readonly<Record<string, string>>;

/** All files below a folder, and its folders as `name/` without a content. */
function treeOf(folder: string): Tree {
  const files = readdirSync(folder, { recursive: true, withFileTypes: true });
  const named = files.map((file) => {
    const path = join(file.parentPath, file.name).slice(folder.length + 1);
    if (file.isDirectory()) return [`${path}/`, ""] as const;
    if (file.isFile()) return [path, shown(readFileSync(join(folder, path)))] as const;
    return [`${path} (no file)`, ""] as const;
  });
  return Object.fromEntries(named.sort(([a], [b]) => (a < b ? -1 : 1)));
}

export function shown(content: Buffer): string {
  return content.length < 100
    ? content.toString("latin1")
    : createHash("sha256").update(content).digest("hex");
}

export interface Tried {
  /** What lies in the folder afterwards; `undefined` where it is not there. */
  readonly tree: Tree | undefined;
  readonly files?: number;
  readonly bytes?: number;
  readonly notes: readonly string[];
  readonly error?: unknown;
}

/**
 * Unpacks an archive into a folder `to` that is not there yet.
 *
 * @throws Error where anything beside that folder has changed, or something is left after a failure.
 */
export async function tryUnpack(
  content: Buffer,
  { name = "a.zip", ...options }: Partial<UnpackOptions> & { readonly name?: string } = {},
): Promise<Tried> {
  const root = mkdtempSync(join(tmpdir(), "flow-unpack-"));
  try {
    writeFileSync(join(root, name), content);
    const to = join(root, "step/to");
    const result = await unpack(join(root, name), to, {
      signal: new AbortController().signal,
      ...options,
    }).catch((error: unknown) => ({ error, notes: [] }));
    const beside = readdirSync(root).filter((other) => other !== name);
    if ("error" in result) {
      if (beside.length > 0) throw new Error(`left after a failure: ${beside}`);
      return { ...result, tree: undefined };
    }
    const others = readdirSync(join(root, "step"));
    if (beside.join() !== "step" || others.join() !== "to")
      throw new Error(`beside it: ${beside}; ${others}`);
    return { ...result, tree: treeOf(to) };
  } finally {
    rmSync(root, { recursive: true, force: true });
  }
}

/** The message of a failure, without the folder of the test. */
export function messageOf({ error }: Tried): string {
  return error instanceof Error
    ? error.message.replaceAll(/\/\S*flow-unpack-\w+\//g, "")
    : "it does not fail";
}
