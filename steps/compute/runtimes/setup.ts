import { randomBytes } from "node:crypto";
import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { rename, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { syncFiles } from "../../../engine/cache/durable.ts";
import { bytesBelow } from "../../../engine/folder-bytes.ts";
import { isObject, type Json } from "../../../engine/json.ts";
import type { BringOptions, Part, Setup, Setups } from "../../../engine/machine.ts";
import { newFolder } from "../../../engine/new-folder.ts";
import { fromWord, isAlive, ownIdentity, toWord } from "../../../engine/process-identity.ts";
import { StepError } from "../../../engine/step-type.ts";
import { type RuntimePackage, runtimePackages, runtimePath, type Wheel } from "./catalog.ts";
import { findPython } from "./python.ts";
import { fetchWheel, keptWheel, unpackWheel } from "./wheels.ts";

/** What `flow setup` can do, on a list of packages: this platform's. */
export function newSetups(packages: readonly RuntimePackage[] = runtimePackages()): Setups {
  const find = (name: string): RuntimePackage => {
    const found = packages.find((candidate) => candidate.name === name);
    if (found !== undefined) return found;
    const names = packages.map((candidate) => candidate.name).join(", ");
    throw new StepError(
      packages.length === 0
        ? `nothing can be brought for ${process.platform} on ${process.arch}; onnxruntime, which is installed with flow, computes there`
        : `there is no runtime ${name} to bring; there are ${names}`,
    );
  };
  return {
    list: (home) => packages.map((one) => describe(one, home)),

    async bring(name, options) {
      const chosen = find(name);
      const { home, gpu, env } = options;
      if (options.from !== undefined) {
        throw new StepError("runtimes come from the package index that pip knows: leave --from out");
      }
      const wheels = gpu ? chosen.gpuWheels : chosen.wheels;
      if (wheels === undefined) {
        throw new StepError(
          `${chosen.title} has nothing for NVIDIA GPUs on ${process.platform}-${process.arch}`,
        );
      }
      const there = describe(chosen, home).there;
      if (there !== undefined && (there.gpu || !gpu)) return false;
      const python = await findPython(env);
      if (python === undefined) {
        throw new StepError(
          "a Python 3 with pip is needed to fetch it (Debian: apt install python3-pip); none is on the path",
        );
      }
      await bringWheels(chosen, wheels, { ...options, python });
      return true;
    },

    async remove(name, home) {
      const chosen = find(name);
      for (const wheel of [...chosen.wheels, ...(chosen.gpuWheels ?? [])]) {
        await rm(keptWheel(downloadsIn(home), wheel), { force: true });
      }
      const { there } = describe(chosen, home);
      if (there === undefined) return false;
      // By rename first: what is half deleted must not look whole.
      const aside = join(home, "runtimes", staging());
      await rename(there.path, aside);
      await rm(aside, { recursive: true, force: true });
      return true;
    },
  };
}

function describe(one: RuntimePackage, home: string): Setup {
  const path = join(home, runtimePath(one));
  const record = existsSync(path) ? readRecord(path) : undefined;
  return {
    kind: "runtime",
    name: one.name,
    title: `${one.title} ${one.version}`,
    parts: one.wheels.map(partOf),
    ...(one.gpuWheels === undefined ? {} : { gpuParts: one.gpuWheels.map(partOf) }),
    ...(existsSync(path)
      ? { there: { path, bytes: bytesBelow(join(path, "lib")), gpu: record?.gpu === true } }
      : {}),
  };
}

function partOf({ project, version, bytes }: Wheel): Part {
  return { name: `${project} ${version}`, bytes };
}

const recordFile = "runtime.json";

function readRecord(path: string): { readonly [name: string]: Json } | undefined {
  try {
    const json = JSON.parse(readFileSync(join(path, recordFile), "utf8")) as Json;
    return isObject(json) ? json : undefined;
  } catch {
    return undefined;
  }
}

function downloadsIn(home: string): string {
  return join(home, "runtimes", ".downloads");
}

const stagingPrefix = ".staging-";

/** A name for what is not whole yet: its owner's, so that two at once do not meet, and a dead one's is known. */
function staging(): string {
  return `${stagingPrefix}${toWord(ownIdentity())}~${randomBytes(3).toString("hex")}`;
}

/** After so long nobody still fetches, where the owner cannot be seen from here. */
const DAY_MS = 86_400_000;

/** Removes what setups left that were killed. */
async function sweep(runtimes: string): Promise<void> {
  for (const name of readdirSync(runtimes).filter((entry) => entry.startsWith(stagingPrefix))) {
    const path = join(runtimes, name);
    const owner = fromWord(name.slice(stagingPrefix.length));
    const lives = owner === undefined ? undefined : isAlive(owner);
    const age = Date.now() - (statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? Date.now());
    if (lives === false || (lives === undefined && age > DAY_MS)) {
      await rm(path, { recursive: true, force: true });
    }
  }
}

interface Bringing extends BringOptions {
  readonly python: NonNullable<Awaited<ReturnType<typeof findPython>>>;
}

async function bringWheels(
  chosen: RuntimePackage,
  wheels: readonly Wheel[],
  options: Bringing,
): Promise<void> {
  const { home, gpu, signal } = options;
  const downloads = downloadsIn(home);
  const scratch = join(home, "runtimes", staging());
  newFolder(scratch);
  try {
    await sweep(dirname(scratch));
    const tree = join(scratch, "tree");
    const files: string[] = [];
    for (const wheel of wheels) {
      const path = await fetchWheel(wheel, {
        ...options,
        downloads,
        scratch,
        progress: (bytes) => options.progress(partOf(wheel), bytes),
      });
      signal.throwIfAborted();
      files.push(...(await unpackWheel(path, { keeps: chosen.keeps, folder: join(tree, "lib"), signal })));
    }
    const record = {
      ...{ name: chosen.name, version: chosen.version, gpu, bytes: bytesBelow(join(tree, "lib")) },
      ...{ wheels, files },
    };
    await writeFile(join(tree, recordFile), `${JSON.stringify(record, null, 2)}\n`);
    await syncFiles(tree, [recordFile, ...files.map((file) => `lib/${file}`)]);
    await takeName(tree, join(home, runtimePath(chosen)), join(scratch, "before"));
    for (const wheel of wheels) await rm(keptWheel(downloads, wheel), { force: true });
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}

/** Puts a whole runtime in its place, and what stood there aside. */
async function takeName(tree: string, path: string, aside: string): Promise<void> {
  newFolder(dirname(path));
  if (existsSync(path)) await rename(path, aside);
  try {
    await rename(tree, path);
  } catch (error) {
    // Another setup was first: it has brought the same.
    const { code = "" } = error as NodeJS.ErrnoException;
    if (!["ENOTEMPTY", "EEXIST"].includes(code)) throw error;
  }
}
