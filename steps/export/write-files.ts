import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { openFeatures } from "../learning/features/rows.ts";
import { readModel } from "../learning/heads/model.ts";
import { featuresCard, modelCard } from "./card.ts";
import type { ExportedModel } from "./format.ts";
import { type FeaturesFormatName, isModelFormat, type ModelFormatName } from "./format-names.ts";
import { loadFormat } from "./load-format.ts";
import { openProgram } from "./program.ts";
import type { ExportRequest } from "./request.ts";

/**
 * Writes a model or features for another program: its files, `labels.json` (the
 * class names in the order of the labels) and `README.md`, the card.
 *
 * @throws StepError where the format cannot hold them, or the files that are given are not the model's.
 */
export async function writeFiles(request: ExportRequest): Promise<void> {
  const { format } = request;
  if (isModelFormat(format)) await writeModelFiles(request, format);
  else await writeFeaturesFiles(request, format);
}

async function writeModelFiles(request: ExportRequest, name: ModelFormatName): Promise<void> {
  const { include, folder, model: input } = request;
  if (input === undefined) throw new Error("an export of a model without one passed the check");
  const model = await readModel(input.path);
  const exported: ExportedModel = {
    model,
    ...(include === "head" ? {} : { extractor: await openProgram(model.description, request) }),
  };
  const format = await loadFormat(name);
  await format.write(exported, folder);
  await writeLabels(folder, model.description.classes);
  await writeFile(
    join(folder, "README.md"),
    await modelCard(request, input, exported, format.examples(exported)),
  );
}

async function writeFeaturesFiles(request: ExportRequest, name: FeaturesFormatName): Promise<void> {
  const { folder, features: input, openStore, signal, progress } = request;
  if (input === undefined) throw new Error("an export of features without any passed the check");
  const format = await loadFormat(name);
  const features = await openFeatures(input.path, openStore);
  try {
    const exported = { features, signal, progress: (done: number) => progress(done, features.index.length) };
    await format.write(exported, folder);
    await writeLabels(folder, features.classes);
    await writeFile(
      join(folder, "README.md"),
      featuresCard(request, input, exported, format.examples(exported)),
    );
  } finally {
    await features.close();
  }
}

/** Class names in the order of their labels. */
async function writeLabels(folder: string, classes: readonly string[]): Promise<void> {
  await writeFile(join(folder, "labels.json"), `${JSON.stringify(classes, null, 2)}\n`);
}
