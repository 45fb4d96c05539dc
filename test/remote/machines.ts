import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach } from "vitest";
import { defineStep } from "../../engine/define-step.ts";
import type { RunRecord } from "../../engine/record/run-record.ts";
import { sha256 } from "../../engine/remote/format.ts";
import { openFolderStore } from "../../engine/remote/objects/folder.ts";
import { OF_A_RUN } from "../../engine/remote/patience.ts";
import { openRemote, type Remote, type RemoteOptions } from "../../engine/remote/remote.ts";
import { newProject, type Project } from "../engine/project.ts";

// Machines that share results through a folder, for the tests of a file.

/** Files of all sizes, an executable one, an empty one; and entries of a store that it leans on. */
const files = defineStep({
  name: "files",
  version: 1,
  description: "For tests.",
  params: {
    type: "object",
    additionalProperties: false,
    properties: {
      small: { type: "integer", default: 20 },
      megabytes: { type: "integer", default: 0 },
      entries: { type: "integer", default: 0 },
    },
  } as const,
  inputs: { source: { description: "Anything.", optional: true } },
  outputs: ["out"],
  async run(ctx) {
    const { small, megabytes, entries } = ctx.params;
    const out = ctx.output("out");
    mkdirSync(join(out, "some/folder"), { recursive: true });
    writeFileSync(join(out, "empty"), "");
    for (let at = 0; at < small; at++)
      writeFileSync(join(out, `some/folder/${at}`), `file ${at}`.repeat((at % 97) + 1));
    if (megabytes > 0) writeFileSync(join(out, "large"), pattern(megabytes * 1e6 + 7));
    const store = ctx.store({ some: "store" });
    for (let at = 0; at < entries; at++) {
      const entry = await store.publish(`entry-${at}`, async (folder) => {
        writeFileSync(join(folder, "values"), `value ${at}`.repeat(100));
        writeFileSync(join(folder, "other"), "the same in all");
        return { z: at, about: "an entry" };
      });
      store.lean(entry);
    }
  },
});

function pattern(length: number): Buffer {
  const bytes = Buffer.alloc(length);
  for (let at = 0; at < length - 4; at += 4) bytes.writeUInt32LE((at * 2_654_435_761) >>> 0, at);
  return bytes;
}

export const pipeline = (params: string): string =>
  `name: shared\nsteps:\n  make: { uses: files, with: { ${params} } }\n`;

export let root: string;
export let remoteFolder: string;
/** What people were told. */
export const notes: string[] = [];
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "flow-sharing-"));
  remoteFolder = join(root, "remote");
  notes.length = 0;
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

let machines = 0;
export function machine(): Project {
  const folder = join(root, `machine-${machines++}`);
  mkdirSync(folder);
  return newProject([files], folder);
}

export function remoteOf(project: Project, changes: Partial<RemoteOptions> = {}): Remote {
  return openRemote({
    ...{ name: "the remote", cache: project.cache, push: "trusting", ...OF_A_RUN },
    signal: new AbortController().signal,
    open: async () => openFolderStore(remoteFolder),
    note: (text) => void notes.push(text),
    ...changes,
  });
}

export async function runWith(
  project: Project,
  text: string,
  changes: Partial<RemoteOptions> = {},
): Promise<RunRecord> {
  const remote = remoteOf(project, changes);
  const record = await project.run(text, { remote });
  await remote.close();
  return record;
}

export const make = (record: RunRecord) => record.steps.make;
export const objects = (): readonly string[] =>
  readdirSync(join(remoteFolder, "objects")).flatMap((start) =>
    readdirSync(join(remoteFolder, "objects", start)).map((rest) =>
      join(remoteFolder, "objects", start, rest),
    ),
  );
function below(folder: string): Record<string, string> {
  const found = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((one) => one.isFile());
  return Object.fromEntries(
    found.map((one) => {
      const path = join(one.parentPath, one.name);
      return [path.slice(folder.length), `${sha256(readFileSync(path))} ${statSync(path).mode & 0o777}`];
    }),
  );
}
/** What two caches must have alike. */
export const kept = (project: Project) => ({
  artifacts: below(join(project.cache.folder, "artifacts")),
  stores: existsSync(join(project.cache.folder, "stores")) ? below(join(project.cache.folder, "stores")) : {},
});
