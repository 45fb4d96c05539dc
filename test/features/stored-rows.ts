import { readFileSync } from "node:fs";
import { join } from "node:path";
import { openFiles } from "../../steps/learning/features/open-files.ts";
import { openSegment } from "../../steps/learning/features/segment.ts";
import { spareMemory } from "../../steps/learning/features/spare-memory.ts";

/** All rows of a store entry, in whatever form it keeps them. */
export async function storedRows(entry: string, width: number): Promise<Float32Array> {
  const { about } = JSON.parse(readFileSync(join(entry, "entry.json"), "utf8"));
  const rows = new Float32Array(about.digests.length * width);
  const files = openFiles(8);
  await (await openSegment(entry, { width: width, open: files, memory: spareMemory(1 << 20) })).read(
    0,
    about.digests.length,
    rows,
  );
  await files.close();
  return rows;
}
