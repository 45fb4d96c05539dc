import { join } from "node:path";
import { writeIndex } from "../../learning/tables/features.ts";
import { createH5File, type Dataset, type H5Writer } from "../../vision/networks/h5-file.ts";
import type { ExportedFeatures, Format } from "../format.ts";
import { type SplitRows, splitsOf } from "./blocks.ts";

const file = "features.h5";
/** Bytes of a chunk: what HDF5 reads at least. */
const CHUNK_BYTES = 1 << 20;

/**
 * One file with a group for each split: `features`, float32, rows × length;
 * `labels`, int64; `files`, UTF-8. Beside them `classes`, by label.
 */
export const hdf5: Format<ExportedFeatures> = {
  async write(exported, folder) {
    const { features } = exported;
    await writeIndex(folder, features.index);
    const writer = await createH5File(join(folder, file));
    try {
      writer.write((root) => {
        // No attribute: those hold 64 kB.
        root.create_dataset({ name: "classes", data: [...features.classes], dtype: "S" });
      });
      for (const split of splitsOf(exported)) await writeSplit(writer, split, features.rowLength);
    } finally {
      writer.close();
    }
  },
  examples: ({ features }) => [
    {
      title: "Python",
      language: "python",
      code: `
import h5py

with h5py.File("${file}") as file:
    split = file["${features.index[0]?.split}"]
    rows = split["features"][:32]  # the first ones: more than memory holds is no matter
    labels = split["labels"][:]
    print(rows.shape, rows.dtype, split["files"].asstr()[0])
    print([f"{name}: {(labels == at).sum()}" for at, name in enumerate(file["classes"].asstr())])`,
    },
  ],
};

async function writeSplit(
  writer: H5Writer,
  { split, rows, blocks }: SplitRows,
  length: number,
): Promise<void> {
  const features = writer.write((root): Dataset => {
    const group = root.create_group(split);
    const labels = BigInt64Array.from(rows, ({ label }) => BigInt(label));
    group.create_dataset({ name: "labels", data: labels });
    group.create_dataset({ name: "files", data: rows.map(({ file: name }) => name), dtype: "S" });
    return group.create_dataset({
      name: "features",
      ...{ data: new Float32Array(0), shape: [0, length], maxshape: [rows.length, length], dtype: "<f4" },
      chunks: [Math.max(1, Math.min(rows.length, Math.floor(CHUNK_BYTES / (4 * length)))), length],
    });
  });
  for await (const { at, rows: some, values } of blocks()) {
    const end = at + some.length;
    writer.write(() => {
      features.resize([end, length]);
      features.write_slice([[at, end], []], values);
    });
  }
}
