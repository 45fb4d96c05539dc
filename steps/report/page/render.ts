import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { concurrently } from "../../../engine/concurrently.ts";
import type { PageRequest } from "../../../engine/machine.ts";
import { readReport } from "../artifact.ts";
import { reportPage } from "./page.ts";

/** The page of a report; `undefined` where an older flow made the report, without figures. */
export async function renderPage({ folder, record, pipeline }: PageRequest): Promise<string | undefined> {
  const read = await readReport(folder);
  if (read === undefined) return undefined;
  const { mistakes, doubts } = read.figures;
  const names = [...mistakes, ...doubts].flatMap(({ thumbnail }) => thumbnail ?? []);
  const thumbnails = new Map<string, string>();
  await concurrently(names, 8, async (name) => {
    thumbnails.set(name, await readFile(join(folder, name), "base64"));
  });
  return reportPage({ ...read, thumbnails, record, pipeline });
}
