import { join } from "node:path";
import { writeNumbers } from "../../learning/tables/csv.ts";
import { writeIndex } from "../../learning/tables/features.ts";
import type { ExportedFeatures, Format } from "../format.ts";
import { type SplitRows, splitsOf } from "./blocks.ts";

/**
 * For each split `<split>.csv` without a header: the index of the label, then the
 * values, as "Keras: Feature extraction on large datasets with Deep Learning"
 * (PyImageSearch, 2019) writes them, each with all digits that it takes to read
 * the same float32 back. `index.csv` says which pictures the lines are.
 */
export const csv: Format<ExportedFeatures> = {
  async write(exported, folder) {
    await writeIndex(folder, exported.features.index);
    for (const split of splitsOf(exported)) {
      await writeNumbers(join(folder, `${split.split}.csv`), linesOf(split, exported.features.rowLength));
    }
  },
  examples: ({ features }) => [
    {
      title: "Python",
      language: "python",
      code: `
import json
import numpy as np
import pandas as pd

table = pd.read_csv("${features.index[0]?.split}.csv", header=None)
labels = table[0].to_numpy()
rows = table.iloc[:, 1:].to_numpy(np.float32)
classes = json.load(open("labels.json", encoding="utf-8"))
print(rows.shape, rows.dtype, [f"{name}: {(labels == at).sum()}" for at, name in enumerate(classes)])`,
    },
  ],
};

async function* linesOf(
  { blocks }: SplitRows,
  length: number,
): AsyncGenerator<readonly [number, Float32Array]> {
  for await (const { rows, values } of blocks()) {
    for (const [at, { label }] of rows.entries()) {
      yield [label, values.subarray(at * length, (at + 1) * length)];
    }
  }
}
