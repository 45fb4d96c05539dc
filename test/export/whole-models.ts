import { randomStream } from "../../steps/compute/random.ts";
import type { ExportedModel } from "../../steps/export/format.ts";
import { openHead } from "../../steps/learning/heads/head.ts";
import { type Model, type ModelDescription, writeModel } from "../../steps/learning/heads/model.ts";
import { type ExtractorOptions, planExtractor } from "../../steps/vision/extractor.ts";

export interface WholeModel {
  readonly exported: ExportedModel;
  /** What flow makes of the pixels. */
  readonly probabilities: Float32Array;
}

/**
 * A network with a head behind it that tells rows apart, whatever their size.
 *
 * @param options once for each time that the network is opened.
 * @param folder empty, for the model.
 */
export async function wholeModel(
  options: () => Promise<ExtractorOptions>,
  pixels: Uint8Array,
  { count, folder }: { readonly count: number; readonly folder: string },
): Promise<WholeModel> {
  const planned = await planExtractor(await options());
  const { rowLength } = planned;
  const extractor = await planned.open();
  const rows = new Float32Array(count * rowLength);
  await extractor.run(pixels, count, rows);
  await extractor.close();
  const most = rows.reduce((largest, value) => Math.max(largest, Math.abs(value)), 1e-20);
  const { uniform } = randomStream(1, "head");
  const weight = (): number => (4 * uniform() - 2) / most / Math.sqrt(rowLength);
  const model: Model = {
    description: {
      classes: ["a", "b", "c"],
      inputLength: rowLength,
      preprocessing: { size: [8, 8], scaling: "none" },
      extractor: { network: "", layer: "", weights: "", pool: "" },
      layers: [{ units: 3, activation: "softmax" }],
    } as unknown as ModelDescription,
    layers: [
      {
        ...{ inputs: rowLength, units: 3 },
        kernel: Float32Array.from({ length: rowLength * 3 }, weight),
        bias: new Float32Array(3),
      },
    ],
  };
  await writeModel(folder, model);
  const head = await openHead(folder);
  const { probabilities } = await head.predict(rows, count);
  await head.close();
  const program = await (await planExtractor(await options())).program();
  return { exported: { model, extractor: program }, probabilities };
}
