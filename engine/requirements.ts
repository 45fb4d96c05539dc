import { existsSync, statSync } from "node:fs";
import { join } from "node:path";
import type { Cache } from "./cache/cache.ts";
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

async function fileLacks(
  { what, url, bytes, md5, path: relative }: RequiredFile,
  home: string,
  cache: Cache,
): Promise<Missing | undefined> {
  const path = join(home, relative);
  const way = `get it from ${url}\nand put it at ${path}`;
  if (!existsSync(path)) return { what, hint: way };
  const { size } = statSync(path);
  if (size !== bytes) {
    return {
      what,
      hint: `${path} has ${size} bytes, not ${bytes}: it is another file, or cut short\n${way}`,
    };
  }
  const found = await cache.sources.md5(path);
  if (found === md5) return undefined;
  return { what, hint: `${path} has the md5 ${found}, not ${md5}\n${way}` };
}
