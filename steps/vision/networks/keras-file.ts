import { createWriteStream } from "node:fs";
import { mkdtemp, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import { StepError } from "../../../engine/step-type.ts";
import { entriesByName, openZip, type ZipEntry } from "../../archives/zip.ts";

/** What is in a `.keras` file. */
export interface KerasFile {
  readonly config: string;
  /** Of Keras, where the file says it. */
  readonly version?: string;
}

/** A network's description is never larger; a zip file can claim, and hold, anything. */
const MOST_CONFIG = 64 * 2 ** 20;
/** Weights hardly become smaller when they are compressed. */
const MOST_RATIO = 20;

/**
 * Reads a `.keras` file (keras/src/saving/saving_lib.py): a zip file with
 * `config.json`, `metadata.json` and `model.weights.h5`. Nothing else in it is looked at.
 *
 * @param use is called with the weights in a file of their own, which is gone afterwards.
 * @throws StepError where it is no such file, or is damaged.
 */
export async function withKerasFile<Result>(
  path: string,
  use: (file: KerasFile, weights: string) => Promise<Result>,
): Promise<Result> {
  const folder = await mkdtemp(join(tmpdir(), "flow-keras-"));
  try {
    const weights = join(folder, "model.weights.h5");
    const file = await unpack(path, weights).catch((error: unknown) => {
      if (error instanceof StepError || isMachine(error)) throw error;
      throw new StepError(`${path} is a damaged zip file, or is cut short`);
    });
    return await use(file, weights);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function unpack(path: string, weights: string): Promise<KerasFile> {
  const { size } = await stat(path);
  const zip = await openZip(path);
  try {
    const entries = await entriesByName(zip);
    const config = entries.get("config.json");
    const values = entries.get("model.weights.h5");
    if (config === undefined || values === undefined) {
      const what = [...entries.keys()].some((name) => name.endsWith("data.pkl"))
        ? "a pickled model (PyTorch), which is not read"
        : `a zip file without ${config === undefined ? "config.json" : "model.weights.h5"}, so no .keras file`;
      throw new StepError(`${path} is ${what}; unpack it first if a network lies in it`);
    }
    const most = Math.max(2 ** 28, size * MOST_RATIO);
    if (values.bytes > most)
      throw new StepError(
        `${path} says that its weights are ${values.bytes} bytes, which is too large for such a file`,
      );
    await pipeline(values.stream(), createWriteStream(weights, { flags: "wx" }));
    const metadata = entries.get("metadata.json");
    const version = metadata === undefined ? undefined : versionIn(await textOf(metadata, path));
    return { config: await textOf(config, path), ...(version === undefined ? {} : { version }) };
  } finally {
    await zip.close();
  }
}

async function textOf(entry: ZipEntry, path: string): Promise<string> {
  if (entry.bytes > MOST_CONFIG) throw new StepError(`${path}: ${entry.name} is too large`);
  const chunks: Buffer[] = [];
  for await (const chunk of entry.stream()) chunks.push(chunk);
  return Buffer.concat(chunks).toString("utf8");
}

function versionIn(metadata: string): string | undefined {
  try {
    const { keras_version: version } = JSON.parse(metadata) as { keras_version?: unknown };
    return typeof version === "string" ? version : undefined;
  } catch {
    return undefined;
  }
}

/** A full disk, or a file that may not be read. */
function isMachine(error: unknown): boolean {
  return error instanceof Error && "syscall" in error;
}
