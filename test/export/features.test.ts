import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, expect, test } from "vitest";
import { byCodeUnit } from "../../engine/json.ts";
import type { ExportedFeatures, Formats } from "../../steps/export/format.ts";
import { featuresFormats } from "../../steps/export/format-names.ts";
import { loadFormat } from "../../steps/export/load-format.ts";
import { roundToHalf } from "../../steps/learning/features/half.ts";
import type { Features } from "../../steps/learning/features/rows.ts";
import type { FeatureRow } from "../../steps/learning/tables/features.ts";
import { byLocation } from "../../steps/learning/tables/images.ts";
import { inPython, lackOfPython } from "./python.ts";

const root = mkdtempSync(join(tmpdir(), "flow-export-"));
afterAll(() => rmSync(root, { recursive: true }));

interface Case {
  readonly dtype: "float32" | "float16";
  readonly rowLength: number;
  readonly index: readonly FeatureRow[];
  /** index × rowLength. */
  readonly values: Float32Array;
}

const splits = ["test", "train", "validation"] as const;
/** Whatever people, and file systems, allow. */
const word = fc.oneof(
  fc.string({ unit: "grapheme", minLength: 1, maxLength: 12 }).filter((text) => !text.includes("\0")),
  fc.constantFrom("=1+1", "-x", "@a", "a,b", 'say "hi"', "two\nlines", "שלום", "</script>", " spaced "),
);
const float = fc.oneof(
  { weight: 3, arbitrary: fc.constant(0) },
  fc.float({ noNaN: true, noDefaultInfinity: true }),
  fc.constantFrom(-0, 1e-45, -1e-45, 3.4028234663852886e38, 0.1, 16777217),
);
const cases: fc.Arbitrary<Case> = fc
  .record({
    dtype: fc.constantFrom("float32" as const, "float16" as const),
    rowLength: fc.integer({ min: 1, max: 40 }),
    classes: fc.uniqueArray(word, { minLength: 2, maxLength: 4 }),
    rows: fc.array(
      fc.record({ split: fc.constantFrom(...splits), label: fc.nat(3), file: word, view: fc.boolean() }),
      {
        minLength: 1,
        maxLength: 25,
      },
    ),
    hasViews: fc.boolean(),
  })
  .chain(({ dtype, rowLength, classes, rows, hasViews }) =>
    fc
      .array(float, { minLength: rows.length * rowLength, maxLength: rows.length * rowLength })
      .map((numbers): Case => {
        const values = Float32Array.from(numbers);
        if (dtype === "float16") {
          for (const [at, value] of values.entries()) if (Math.abs(value) > 65_000) values[at] = 1;
          roundToHalf(values);
        }
        const index = rows
          .map(({ split, label, file, view }, at) => ({
            split,
            class: classes[label % classes.length] as string,
            label: label % classes.length,
            file: `${file}${at}`,
            digest: `sha256:${at}`,
            ...(hasViews && view ? { view: "flip" } : {}),
          }))
          .sort((a, b) => byLocation(a, b) || byCodeUnit(a.view ?? "", b.view ?? ""));
        return { dtype, rowLength, index, values };
      }),
  );

function exported({ dtype, rowLength, index, values }: Case, signal = new AbortController().signal) {
  const told: number[] = [];
  const classes: string[] = [];
  for (const { label, class: name } of index) classes[label] = name;
  const features = {
    rowLength,
    index,
    classes: Array.from(classes, (name) => name ?? "none"),
    manifest: { dtype } as Features["manifest"],
    async read(positions: readonly number[], into: Float32Array) {
      for (const [at, position] of positions.entries()) {
        into.set(values.subarray(position * rowLength, (position + 1) * rowLength), at * rowLength);
      }
    },
    close: async () => {},
  };
  return { exported: { features, signal, progress: (done) => told.push(done) } as ExportedFeatures, told };
}

function newFolder(name: string): string {
  const folder = join(root, name);
  mkdirSync(folder, { recursive: true });
  return folder;
}

async function write(format: (typeof featuresFormats)[number], of: Case, folder: string): Promise<number[]> {
  const { exported: given, told } = exported(of);
  await ((await loadFormat(format)) as Formats["csv"]).write(given, folder);
  return told;
}

/** Reads every split of a folder as others do: rows and labels to bytes, files and classes to JSON. */
const reader = `
import json, sys
import h5py, numpy as np, pandas as pd, pyarrow.parquet as pq
def put(name, rows, labels):
    np.ascontiguousarray(rows, np.float32).tofile(name + ".rows")
    np.asarray(labels, np.int64).tofile(name + ".labels")
for folder in sys.argv[1:]:
    for split in json.load(open(folder + "/splits.json")):
        put(f"{folder}/numpy.{split}", np.load(f"{folder}/numpy/{split}.npy", mmap_mode="r"), np.load(f"{folder}/numpy/{split}.labels.npy"))
        table = pd.read_csv(f"{folder}/csv/{split}.csv", header=None)
        put(f"{folder}/csv.{split}", table.iloc[:, 1:].to_numpy(np.float32), table[0])
        table = pd.read_parquet(f"{folder}/parquet/{split}.parquet")
        put(f"{folder}/parquet.{split}", np.stack(table["features"]), table["label"])
        names = {"parquet": table["file"].tolist(), "class": table["class"].tolist(), "view": table["view"].tolist() if "view" in table else None}
        assert pq.read_table(f"{folder}/parquet/{split}.parquet").to_pandas()["file"].tolist() == names["parquet"]
        with h5py.File(f"{folder}/hdf5/features.h5") as file:
            put(f"{folder}/hdf5.{split}", file[split]["features"][:], file[split]["labels"][:])
            names["hdf5"] = file[split]["files"].asstr()[:].tolist()
            names["classes"] = file["classes"].asstr()[:].tolist()
        index = pd.read_csv(f"{folder}/numpy/index.csv", dtype=str, keep_default_na=False)
        names["index"] = index[index["split"] == split]["file"].tolist()
        json.dump(names, open(f"{folder}/{split}.json", "w"))
`;

const lack = lackOfPython("numpy", "pandas", "pyarrow", "h5py");
test.skipIf(lack !== "")(
  `random features are the same bits in NumPy, pandas, PyArrow and h5py${lack}`,
  async () => {
    const all = fc.sample(cases, 25);
    const folders: string[] = [];
    for (const [at, one] of all.entries()) {
      const folder = newFolder(`random-${at}`);
      for (const format of featuresFormats) {
        const told = await write(format, one, newFolder(`random-${at}/${format}`));
        expect(told.at(-1)).toBe(one.index.length);
      }
      writeFileSync(
        join(folder, "splits.json"),
        JSON.stringify([...new Set(one.index.map(({ split }) => split))]),
      );
      folders.push(folder);
    }
    inPython(root, reader, ...folders);
    for (const [at, { index, values, rowLength }] of all.entries()) {
      const folder = folders[at] as string;
      for (const split of new Set(index.map((row) => row.split))) {
        const rows = index.filter((row) => row.split === split);
        const first = index.findIndex((row) => row.split === split);
        const wanted = bytesOf(values.slice(first * rowLength, (first + rows.length) * rowLength));
        const labels = bytesOf(BigInt64Array.from(rows, ({ label }) => BigInt(label)));
        for (const format of featuresFormats) {
          const name = join(folder, `${format}.${split}`);
          expect(readFileSync(`${name}.rows`).equals(wanted), `${name}: ${index.length} × ${rowLength}`).toBe(
            true,
          );
          expect(readFileSync(`${name}.labels`).equals(labels), name).toBe(true);
        }
        const names = JSON.parse(readFileSync(join(folder, `${split}.json`), "utf8"));
        const files = rows.map(({ file }) => file);
        expect(names).toMatchObject({ parquet: files, hdf5: files, class: rows.map((row) => row.class) });
        expect(rows.map(({ label }) => names.classes[label])).toEqual(names.class);
        // pandas reads CR LF within a cell as LF.
        expect(names.index.map(lineEnds)).toEqual(files.map(lineEnds));
        const hasViews = index.some(({ view }) => view !== undefined);
        expect(names.view).toEqual(hasViews ? rows.map(({ view }) => view ?? "") : null);
      }
    }
  },
  120_000,
);

function lineEnds(text: string): string {
  return text.replaceAll(/\r\n?/g, "\n");
}

function bytesOf(array: Float32Array | BigInt64Array): Buffer {
  return Buffer.from(array.buffer, array.byteOffset, array.byteLength);
}

const [small] = fc.sample(cases, { numRuns: 1, seed: 7 }) as [Case];

test.each(featuresFormats)(
  "%s: the same features are the same bytes, whenever they are written",
  async (format) => {
    const [a, b] = [newFolder(`${format}-a`), newFolder(`${format}-b`)];
    await write(format, small, a);
    const { now } = Date;
    // What writes down a time has another one now.
    Date.now = () => now() + 86_400_000;
    try {
      await write(format, small, b);
    } finally {
      Date.now = now;
    }
    const files = contentsOf(a);
    expect(files.size).toBeGreaterThan(0);
    expect(contentsOf(b)).toEqual(files);
  },
);

test.each(featuresFormats)("%s stops where it is asked to", async (format) => {
  const stop = new AbortController();
  const { exported: given, told } = exported(small, stop.signal);
  stop.abort();
  const writing = loadFormat(format).then((one) =>
    (one as Formats["csv"]).write(given, newFolder(`${format}-stop`)),
  );
  await expect(writing).rejects.toThrow(/abort/i);
  expect(told).toEqual([]);
});

function contentsOf(folder: string): Map<string, string> {
  const listed = inFolder(folder);
  return new Map(listed.map((file) => [file, readFileSync(join(folder, file)).toString("base64")]));
}

function inFolder(folder: string): string[] {
  return readdirSync(folder).sort();
}
