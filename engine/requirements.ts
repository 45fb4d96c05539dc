import { existsSync, statSync } from "node:fs";
import { join } from "node:path";
import type { Sources } from "./cache/sources.ts";
import type { JsonObject } from "./json.ts";
import type { Missing } from "./plan/plan.ts";
import { type RequiredFile, type Requirement, StepError } from "./step-type.ts";

/** What tells the md5 of a file. */
interface Digests {
  readonly sources: Pick<Sources, "md5">;
}

/** What is missing of a requirement, and how to bring it; `undefined` where it is there. */
export async function whatLacks(
  requirement: Requirement,
  home: string,
  digests: Digests,
): Promise<Missing | undefined> {
  const hint =
    requirement.kind === "file"
      ? await whyFileLacks(requirement, home, digests)
      : existsSync(join(home, requirement.path))
        ? undefined
        : requirement.way;
  if (hint === undefined) return undefined;
  const { what, setup } = requirement;
  return { what, hint, ...(setup === undefined ? {} : { setup }) };
}

/** @throws StepError where one of them is missing, saying how it is brought. */
export async function refuseLacks(
  requirements: readonly Requirement[],
  home: string,
  digests: Digests,
): Promise<void> {
  const lacks = await Promise.all(requirements.map((requirement) => whatLacks(requirement, home, digests)));
  const told = lacks.flatMap((lack) => (lack === undefined ? [] : [`${lack.what} is missing: ${lack.hint}`]));
  if (told.length > 0) throw new StepError(told.join("\n"));
}

/** The md5 of those required files that have none by which to know them, by name: they are in the key. */
export async function measuredDigests(
  requirements: readonly Requirement[],
  home: string,
  { sources }: Digests,
): Promise<JsonObject | undefined> {
  const measured: Record<string, string> = {};
  for (const requirement of requirements) {
    if (requirement.kind !== "file" || requirement.md5 !== undefined) continue;
    const path = join(home, requirement.path);
    if (existsSync(path)) measured[requirement.name] = `md5:${await sources.md5(path)}`;
  }
  return Object.keys(measured).length === 0 ? undefined : measured;
}

async function whyFileLacks(
  file: RequiredFile,
  home: string,
  { sources }: Digests,
): Promise<string | undefined> {
  const path = join(home, file.path);
  const brought = file.way === undefined ? "" : `${file.way}; or\n`;
  const way = `${brought}get it from ${file.url}\nand put it at ${path}`;
  if (!existsSync(path)) return way;
  const wrong = whatIsWrong(file, { bytes: statSync(path).size, md5: await sources.md5(path) });
  return wrong === undefined ? undefined : `${path} ${wrong}\n${way}`;
}

/** Why a file is not the one that is required, as the end of a sentence; `undefined` where it is. */
export function whatIsWrong(
  { bytes, md5, refused = [] }: RequiredFile,
  found: { readonly bytes: number; readonly md5: string },
): string | undefined {
  if (md5 === undefined ? found.bytes === bytes : found.md5 === md5) return undefined;
  const known = refused.find((other) => other.md5 === found.md5);
  if (known !== undefined) return `is ${known.why}`;
  if (found.bytes !== bytes)
    return `has ${found.bytes} bytes, not ${bytes}: it is another file, or cut short`;
  return `has the md5 ${found.md5}, not ${md5}`;
}
