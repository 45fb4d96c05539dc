import { closeSync, openSync, writeSync } from "node:fs";
import { join } from "node:path";
import { ByteWriter, ParquetWriter, type Writer } from "hyparquet-writer";
import type { ExportedFeatures, Format } from "../format.ts";
import { type Block, type SplitRows, splitsOf } from "./blocks.ts";

/** Of values in a row group: the library makes several lists of them, of objects. */
const GROUP_BYTES = 4 << 20;

/**
 * For each split `<split>.parquet`, a picture a row: `label` (int32), `class`,
 * `file`, `digest`, `view` where pictures are seen otherwise than as they are, and
 * `features`, a list of float32. A block of rows is a row group.
 */
export const parquet: Format<ExportedFeatures> = {
  async write(exported, folder) {
    const { features } = exported;
    const hasViews = features.index.some(({ view }) => view !== undefined);
    for (const split of splitsOf(exported, GROUP_BYTES)) {
      await writeSplit(join(folder, `${split.split}.parquet`), split, {
        length: features.rowLength,
        words: ["class", "file", "digest", ...(hasViews ? ["view" as const] : [])],
      });
    }
  },
  examples: ({ features }) => [
    {
      title: "Python",
      language: "python",
      code: `
import numpy as np
import pandas as pd

table = pd.read_parquet("${features.index[0]?.split}.parquet")
rows = np.stack(table["features"])
print(rows.shape, rows.dtype, table["class"].value_counts().to_dict())`,
    },
  ],
};

interface Columns {
  /** Of a row. */
  readonly length: number;
  /** Columns of text. */
  readonly words: readonly ("class" | "file" | "digest" | "view")[];
}

async function writeSplit(path: string, { blocks }: SplitRows, columns: Columns): Promise<void> {
  const descriptor = openSync(path, "w");
  try {
    const writer = new ParquetWriter({
      writer: fileWriter(descriptor),
      schema: schemaOf(columns),
      codec: "UNCOMPRESSED",
      statistics: false,
      createdBy: "flow",
    });
    for await (const block of blocks()) {
      await writer.write({ columnData: columnsOf(block, columns), rowGroupSize: block.rows.length });
    }
    await writer.finish();
  } finally {
    closeSync(descriptor);
  }
}

/** What the library has in memory goes to the file after each row group. */
function fileWriter(descriptor: number): Writer {
  const writer = new ByteWriter();
  const flush = (): void => {
    for (let at = 0; at < writer.index; ) {
      at += writeSync(descriptor, new Uint8Array(writer.buffer, at, writer.index - at));
    }
    writer.index = 0;
  };
  return Object.assign(writer, { flush, finish: flush });
}

/** A list as the format's authors want it: apache/parquet-format, LogicalTypes.md. */
function schemaOf({ words }: Columns): ConstructorParameters<typeof ParquetWriter>[0]["schema"] {
  const text = { type: "BYTE_ARRAY", converted_type: "UTF8", repetition_type: "REQUIRED" } as const;
  return [
    { name: "schema", num_children: words.length + 2 },
    { name: "label", type: "INT32", repetition_type: "REQUIRED" },
    ...words.map((name) => ({ name, ...text })),
    { name: "features", converted_type: "LIST", repetition_type: "REQUIRED", num_children: 1 },
    { name: "list", repetition_type: "REPEATED", num_children: 1 },
    { name: "element", type: "FLOAT", repetition_type: "REQUIRED" },
  ];
}

function columnsOf(
  { rows, values }: Block,
  { length, words }: Columns,
): Parameters<ParquetWriter["write"]>[0]["columnData"] {
  return [
    { name: "label", data: Int32Array.from(rows, ({ label }) => label) },
    ...words.map((name) => ({ name, data: rows.map((row) => row[name] ?? "") })),
    {
      name: "features",
      // The library takes plain lists alone.
      data: rows.map((_, at) => Array.from(values.subarray(at * length, (at + 1) * length))),
      encoding: "PLAIN",
      offsetIndex: false,
    },
  ];
}
