import { existsSync, statSync } from "node:fs";
import { join } from "node:path";
import type { Cache } from "./cache/cache.ts";
import type { JsonObject } from "./json.ts";
import type { Missing } from "./plan/plan.ts";
import type { RequiredFile, Requirement } from "./step-type.ts";

/** What is missing of a requirement, and how to bring it; `undefined` where it is there. */
export async function whatLacks(
  requirement: Requirement,
  home: string,
  cache: Cache,
): Promise<Missing | undefined> {
  if (requirement.kind === "file") return fileLacks(requirement, home, cache);
  const { what, way, path } = requirement;
  return existsSync(join(home, path)) ? undefined : { what, hint: way };
}

/** The md5 of those required files that have none by which to know them, by name: they are in the key. */
export async function measuredDigests(
  requirements: readonly Requirement[],
  home: string,
  cache: Cache,
): Promise<JsonObject | undefined> {
  const measured: Record<string, string> = {};
  for (const requirement of requirements) {
    if (requirement.kind !== "file" || requirement.md5 !== undefined) continue;
    const path = join(home, requirement.path);
    if (existsSync(path)) measured[requirement.name] = `md5:${await cache.sources.md5(path)}`;
  }
  return Object.keys(measured).length === 0 ? undefined : measured;
}

async function fileLacks(file: RequiredFile, home: string, cache: Cache): Promise<Missing | undefined> {
  const { what, url } = file;
  const path = join(home, file.path);
  const way = `get it from ${url}\nand put it at ${path}`;
  if (!existsSync(path)) return { what, hint: way };
  const wrong = whatIsWrong(file, statSync(path).size, await cache.sources.md5(path));
  return wrong === undefined ? undefined : { what, hint: `${path} ${wrong}\n${way}` };
}

function whatIsWrong(
  { bytes, md5, refused = [] }: RequiredFile,
  size: number,
  found: string,
): string | undefined {
  if (md5 === undefined ? size === bytes : found === md5) return undefined;
  const known = refused.find((other) => other.md5 === found);
  if (known !== undefined) return `is ${known.why}`;
  if (size !== bytes) return `has ${size} bytes, not ${bytes}: it is another file, or cut short`;
  return `has the md5 ${found}, not ${md5}`;
}
