import { createHash } from "node:crypto";
import { existsSync, lstatSync, readdirSync, readFileSync, readlinkSync } from "node:fs";
import { join } from "node:path";
import type { RunRecord } from "../../engine/record/run-record.ts";
import { digestsOf } from "../cli/flow.ts";

/** What lies below a folder: kind, mode and bytes by path. */
export type Content = ReadonlyMap<string, string>;

/** What an undisturbed run leaves. */
export interface Expected {
  /** Digests by step and output. */
  readonly outputs: Readonly<Record<string, string>>;
  /** Of artifacts and trees, path by path. */
  readonly content: Content;
}

export function expectedOf(project: string): Expected {
  return { outputs: digestsOf(lastRecord(project)), content: contentOf(join(project, ".flow"), published) };
}

/** Where names are digests of what they stand for. */
const published = ["artifacts", "trees"];

/**
 * What is wrong with a project after a run that ended well: sentences, none
 * where all is as an undisturbed run leaves it.
 */
export function mistakesIn(project: string, { outputs, content }: Expected): readonly string[] {
  const mistakes: string[] = [];
  const made = digestsOf(lastRecord(project));
  for (const [output, digest] of Object.entries(outputs)) {
    if (made[output] !== digest) mistakes.push(`${output} is ${made[output]}, not ${digest}`);
  }
  const there = contentOf(join(project, ".flow"), published);
  for (const [path, state] of there) {
    if (content.get(path) !== state) mistakes.push(`${path} is ${state}, not ${content.get(path)}`);
  }
  for (const { record, path } of records(project)) {
    for (const name of lackedBy(record, join(project, ".flow"))) mistakes.push(`${path} lacks ${name}`);
  }
  for (const { files, path } of entries(project)) {
    for (const { path: file, digest } of files) {
      if (sha256(join(path, file)) !== digest) mistakes.push(`${path}/${file} is not what entry.json says`);
    }
  }
  for (const folder of ["staging", "locks"]) {
    const left = contentOf(join(project, ".flow", folder));
    if (left.size > 0) mistakes.push(`${folder} holds ${[...left.keys()].join(", ")}`);
  }
  return mistakes;
}

/** Everything below some folders of a folder, or below all. */
export function contentOf(folder: string, inner: readonly string[] = [""]): Content {
  const content = new Map<string, string>();
  const visit = (path: string): void => {
    const full = join(folder, path);
    const stat = lstatSync(full, { throwIfNoEntry: false });
    if (stat === undefined) return;
    const mode = (stat.mode & 0o7777).toString(8);
    if (stat.isDirectory()) {
      if (path !== "" && !inner.includes(path)) content.set(path, `folder ${mode}`);
      for (const name of readdirSync(full).sort()) visit(path === "" ? name : `${path}/${name}`);
    } else if (stat.isSymbolicLink()) content.set(path, `link ${readlinkSync(full)}`);
    else content.set(path, `file ${mode} ${sha256(full)}`);
  };
  for (const path of inner) visit(path);
  return content;
}

export function lastRecord(project: string): RunRecord {
  return JSON.parse(readFileSync(join(project, "runs/latest/run.json"), "utf8")) as RunRecord;
}

interface Named {
  readonly outputs: Readonly<Record<string, { readonly digest: string }>>;
  readonly leans: readonly { readonly store: string; readonly entry: string }[];
}

function records(project: string): readonly { readonly path: string; readonly record: Named }[] {
  const folder = join(project, ".flow/keys");
  return readdirSync(folder).map((name) => ({
    path: `keys/${name}`,
    record: JSON.parse(readFileSync(join(folder, name), "utf8")) as Named,
  }));
}

/** What a key record names and is not there. */
function lackedBy({ outputs, leans }: Named, cache: string): readonly string[] {
  const names = [
    ...Object.values(outputs).map(({ digest }) => `artifacts/${digest.replace("sha256:", "")}`),
    ...leans.map(({ store, entry }) => `stores/${store}/${entry}/entry.json`),
  ];
  return names.filter((name) => !existsSync(join(cache, name)));
}

interface Entry {
  readonly path: string;
  readonly files: readonly { readonly path: string; readonly digest: string }[];
}

function entries(project: string): readonly Entry[] {
  const stores = join(project, ".flow/stores");
  return readdirSync(stores).flatMap((store) =>
    readdirSync(join(stores, store))
      .filter((name) => name !== "store.json")
      .map((name) => {
        const path = join(stores, store, name);
        const { files } = JSON.parse(readFileSync(join(path, "entry.json"), "utf8")) as Entry;
        return { path, files };
      }),
  );
}

function sha256(path: string): string {
  return createHash("sha256").update(readFileSync(path)).digest("hex");
}
