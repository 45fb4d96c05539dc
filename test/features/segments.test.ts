import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { permutation, randomStream } from "../../steps/compute/random.ts";
import { openFiles } from "../../steps/learning/features/open-files.ts";
import { openSegment, writeSegment } from "../../steps/learning/features/segment.ts";
import { spareMemory } from "../../steps/learning/features/spare-memory.ts";

const golden = new URL("../golden/segments", import.meta.url).pathname;

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "flow-segments-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

async function readAll(from: string, width: number, rows: number): Promise<Int32Array> {
  const files = openFiles(8);
  const into = new Float32Array(rows * width);
  await (await openSegment(from, { width: width, open: files, memory: spareMemory(1 << 20) })).read(
    0,
    rows,
    into,
  );
  await files.close();
  return new Int32Array(into.buffer);
}

/** What NumPy wrote, without its header. */
function valuesOf(file: string): Buffer {
  const npy = readFileSync(file);
  return npy.subarray(10 + npy.readUInt16LE(8));
}

function float32Of(file: string): Int32Array {
  return new Int32Array(Uint8Array.from(valuesOf(file)).buffer);
}

describe.each([5, 8, 61])("rows of %i values that NumPy packed", (width) => {
  test.each(["float32", "float16"])(
    "are read as %s, with the bits of those that it did not pack",
    async (dtype) => {
      const place = join(golden, `${dtype}-${width}`);
      const dense = join(folder, "dense");
      mkdirSync(dense);
      writeFileSync(join(dense, "rows.npy"), readFileSync(join(place, "rows.npy")));
      const packed = await readAll(place, width, 19);
      expect(packed).toEqual(await readAll(dense, width, 19));
      if (dtype === "float32") expect(packed).toEqual(float32Of(join(place, "rows.npy")));
      expect(packed.some((bits) => bits === 1 << 31)).toBe(true);
      expect(packed.some((bits) => (bits & 0x7fff_ffff) > 0x7f80_0000)).toBe(true);
    },
  );

  test.each(["float32", "float16"])("have the bytes as %s that flow writes", async (dtype) => {
    const place = join(golden, `${dtype}-${width}`);
    const bytes = Uint8Array.from(valuesOf(join(place, "rows.npy"))).buffer;
    const rows = dtype === "float32" ? new Int32Array(bytes) : new Uint16Array(bytes);
    await writeSegment(folder, rows, width);
    const names = readdirSync(folder);
    expect([["counts.npy", "mask.npy", "values.npy"], ["rows.npy"]]).toContainEqual(names);
    for (const name of names)
      expect(readFileSync(join(folder, name))).toEqual(readFileSync(join(place, name)));
    if (width === 61) expect(names).toHaveLength(3);
  });
});

/** Bits that are awkward: −0, NaN of several kinds, denormals, infinity. */
const awkward = [0x8000_0000, 0x7fc0_0000, 0x7f80_0001, 0xffff_ffff, 1, 0x8000_0001, 0x7f80_0000].map(
  (b) => b | 0,
);

const shapes = [
  ...Array.from({ length: 70 }, (_, at) => ({ width: at + 1, rows: 1 + ((at * 7) % 40) })),
  { width: 100_352, rows: 5 },
  // More than is packed at a time.
  { width: 100_352, rows: 23 },
];

test.each([16, 32] as const)(
  "rows of any density and width come back with the same %i bits, in any order",
  async (size) => {
    const random = randomStream(size, "segments");
    const kinds = new Set<string>();
    for (const { width, rows } of shapes) {
      const densities = [0, 1, random.uniform(), random.uniform() / 5];
      const bits = Int32Array.from({ length: rows * width }, (_, at) => {
        const density = densities[Math.floor(at / width) % 4] as number;
        if (random.uniform() >= density) return 0;
        const draw = random.bits() | 0;
        return (draw & 15) === 0 ? (awkward[(draw >>> 4) % awkward.length] as number) : draw;
      });
      const kept = size === 32 ? bits : Uint16Array.from(bits, (value) => value >>> 16);
      const place = join(folder, `${width}-${rows}`);
      mkdirSync(place);
      await writeSegment(place, kept, width);
      kinds.add(readdirSync(place).join());
      // A float16 is what NumPy's file of it alone reads as.
      const expected = size === 32 ? bits : await denselyRead(kept, width, rows);
      const files = openFiles(2);
      const segment = await openSegment(place, { width: width, open: files, memory: spareMemory(1 << 20) });
      const order = permutation(rows, random);
      for (let at = 0; at < rows; ) {
        const first = order[at] as number;
        const count = Math.min(rows - first, 1 + Math.floor(random.uniform() * 4));
        // Somewhere in the middle of other memory, which stays as it is.
        const memory = new Float32Array((count + 2) * width).fill(7);
        await segment.read(first, count, memory.subarray(width, (count + 1) * width));
        const got = new Int32Array(memory.buffer, width * 4, count * width);
        expect(
          Buffer.compare(bytesOf(got), bytesOf(expected.subarray(first * width, (first + count) * width))),
        ).toBe(0);
        for (const edge of [memory.subarray(0, width), memory.subarray((count + 1) * width)])
          expect(edge.every((value) => value === 7)).toBe(true);
        at += count;
      }
      await files.close();
    }
    expect([...kinds].sort()).toEqual(["counts.npy,mask.npy,values.npy", "rows.npy"]);
  },
);

async function denselyRead(
  rows: Int32Array | Uint16Array,
  width: number,
  count: number,
): Promise<Int32Array> {
  const place = mkdtempSync(join(folder, "dense-"));
  const text = `{'descr': '<f2', 'fortran_order': False, 'shape': (${count}, ${width}), }`.padEnd(117);
  const start = Buffer.from([0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59, 1, 0, 118, 0]);
  writeFileSync(join(place, "rows.npy"), Buffer.concat([start, Buffer.from(`${text}\n`), bytesOf(rows)]));
  return readAll(place, width, count);
}

function bytesOf(values: NodeJS.ArrayBufferView): Buffer {
  return Buffer.from(values.buffer, values.byteOffset, values.byteLength);
}

describe("a segment is packed where that takes an eighth less", () => {
  test.each([
    { zeros: 0.84, packed: true },
    { zeros: 0.5, packed: true },
    { zeros: 0.2, packed: true },
    { zeros: 0.12, packed: false },
    { zeros: 0, packed: false },
  ])("$zeros of it zeros", async ({ zeros, packed }) => {
    const values = Float32Array.from({ length: 20 * 4096 }, (_, at) => (at % 100 < zeros * 100 ? 0 : at));
    await writeSegment(folder, new Int32Array(values.buffer), 4096);
    expect(readdirSync(folder).includes("mask.npy")).toBe(packed);
  });

  test("rows of ResNet-50's width, 84 % of them zeros, take 85 kB a picture at most", async () => {
    const random = randomStream(1, "zeros");
    const rows = 16;
    const values = Float32Array.from({ length: rows * 100_352 }, () =>
      random.uniform() < 0.16 ? random.uniform() : 0,
    );
    await writeSegment(folder, new Int32Array(values.buffer), 100_352);
    const bytes = readdirSync(folder).reduce((sum, name) => sum + readFileSync(join(folder, name)).length, 0);
    expect(bytes / rows).toBeLessThan(85_000);
  });
});

test("a mask that does not fit the values is said to be damaged", async () => {
  const values = new Float32Array(8 * 256).map((_, at) => (at % 8 === 0 ? 1 : 0));
  await writeSegment(folder, new Int32Array(values.buffer), 256);
  const file = join(folder, "mask.npy");
  const mask = readFileSync(file);
  writeFileSync(file, mask.fill(0xff, mask.length - 1));
  const files = openFiles(8);
  const segment = await openSegment(folder, { width: 256, open: files, memory: spareMemory(1 << 20) });
  await expect(segment.read(7, 1, new Float32Array(256))).rejects.toThrow(
    /its mask and its values do not fit/,
  );
  await expect(
    openSegment(folder, { width: 300, open: files, memory: spareMemory(1 << 20) }),
  ).rejects.toThrow(/rows of 32 values, not 38/);
  await files.close();
});

describe("files that are read again and again", () => {
  const opened = (): number =>
    readdirSync("/proc/self/fd").filter((fd) => {
      try {
        return readlinkSync(`/proc/self/fd/${fd}`).startsWith(folder);
      } catch {
        return false;
      }
    }).length;

  test.skipIf(process.platform !== "linux")("are open a few at a time, and none in the end", async () => {
    const paths = Array.from({ length: 40 }, (_, at) => join(folder, String(at)));
    for (const path of paths) writeFileSync(path, path);
    const files = openFiles(4);
    let most = 0;
    for (let round = 0; round < 3; round++) {
      for (const path of paths) {
        const bytes = Buffer.alloc(path.length + 5);
        expect(await files.read(path, bytes, 0)).toBe(path.length);
        expect(bytes.toString("utf8", 0, path.length)).toBe(path);
        most = Math.max(most, opened());
      }
    }
    expect(most).toBe(4);
    // All at once: as many as are read, and four again afterwards.
    await Promise.all(paths.map((path) => files.read(path, Buffer.alloc(1 << 20), 0)));
    expect(opened()).toBe(4);
    await files.close();
    expect(opened()).toBe(0);
  });

  test("may come to be there", async () => {
    const files = openFiles(4);
    const path = join(folder, "late");
    await expect(files.read(path, Buffer.alloc(9), 0)).rejects.toThrow("ENOENT");
    writeFileSync(path, "here");
    expect(await files.read(path, Buffer.alloc(9), 1)).toBe(3);
    await files.close();
  });
});
