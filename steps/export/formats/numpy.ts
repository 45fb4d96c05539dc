import { join } from "node:path";
import { toHalf } from "../../learning/features/half.ts";
import { createNpy } from "../../learning/features/npy.ts";
import { writeIndex } from "../../learning/tables/features.ts";
import type { ExportedFeatures, Format } from "../format.ts";
import { type SplitRows, splitsOf } from "./blocks.ts";

/**
 * For each split `<split>.npy`, rows × length, float32 or float16 as they were
 * kept, and `<split>.labels.npy`, int64; `index.csv` says which pictures they are.
 */
export const numpy: Format<ExportedFeatures> = {
  async write(exported, folder) {
    const { features } = exported;
    await writeIndex(folder, features.index);
    for (const split of splitsOf(exported)) {
      await writeLabels(folder, split);
      await writeRows(folder, split, features);
    }
  },
  examples: ({ features }) => [
    {
      title: "Python",
      language: "python",
      code: `
import json
import numpy as np

rows = np.load("${features.index[0]?.split}.npy", mmap_mode="r")  # more than memory holds is no matter
labels = np.load("${features.index[0]?.split}.labels.npy")
classes = json.load(open("labels.json", encoding="utf-8"))
print(rows.shape, rows.dtype, [f"{name}: {(labels == at).sum()}" for at, name in enumerate(classes)])`,
    },
  ],
};

async function writeLabels(folder: string, { split, rows }: SplitRows): Promise<void> {
  const file = await createNpy(join(folder, `${split}.labels.npy`), { type: "<i8", shape: [rows.length] });
  try {
    await file.append(BigInt64Array.from(rows, ({ label }) => BigInt(label)));
  } finally {
    await file.close();
  }
}

async function writeRows(
  folder: string,
  { split, rows, blocks }: SplitRows,
  { manifest, rowLength }: ExportedFeatures["features"],
): Promise<void> {
  const isHalf = manifest.dtype === "float16";
  const shape = [rows.length, rowLength];
  const file = await createNpy(join(folder, `${split}.npy`), { type: isHalf ? "<f2" : "<f4", shape });
  try {
    for await (const { values } of blocks()) await file.append(isHalf ? halvesOf(values) : values);
  } finally {
    await file.close();
  }
}

/** Nothing is lost: they were halves. */
function halvesOf(values: Float32Array): Uint16Array {
  const halves = new Uint16Array(values.length);
  toHalf(new Int32Array(values.buffer, values.byteOffset, values.length), halves);
  return halves;
}
