import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import sharp from "sharp";
import { expect, test } from "vitest";
import { randomStream } from "../../steps/compute/random.ts";
import { draw } from "../../steps/generate/draw.ts";
import type { ImageRow, Split } from "../../steps/learning/tables/images.ts";
import { nearDuplicates } from "../../steps/organize/near-duplicates.ts";
import { lookOf } from "../../steps/vision/pixels/look.ts";

function row(split: Split, file: string): ImageRow {
  return { split, class: "a", label: 0, file, digest: `sha256:${file}`, width: 1, height: 1 };
}

/** Every row's look is that of every other but for so many bits, counted from the front. */
const differing = (bits: number): Uint8Array => {
  const look = new Uint8Array(16).fill(0b10110100);
  for (let bit = 0; bit < bits; bit++)
    look[(bit * 2) % 16] = (look[(bit * 2) % 16] as number) ^ (1 << (bit >> 3));
  return look;
};

test("pairs are those of different splits whose looks differ in six bits at most", () => {
  const rows = [
    row("train", "a"),
    row("test", "same"),
    row("test", "near"),
    row("test", "far"),
    row("train", "b"),
  ];
  const looks = new Map([
    ["sha256:a", differing(0)],
    ["sha256:b", differing(1)],
    ["sha256:near", differing(6)],
    ["sha256:far", differing(40)],
  ]);
  const pairs = nearDuplicates(rows, looks).map((pair) => pair.map(({ file }) => file).join(" = "));
  expect(pairs).toEqual(["near = a", "near = b"]);
});

test("a copy in another size, quality and format looks alike; other pictures, and plain ones, do not", async () => {
  const folder = mkdtempSync(join(tmpdir(), "flow-looks-"));
  const random = randomStream(3, "noise");
  const file = (name: string): string => join(folder, name);
  const noise = (): Buffer => {
    const small = Buffer.from(Array.from({ length: 12 * 12 * 3 }, () => random.uniform() * 255));
    return small;
  };
  try {
    for (const name of ["one", "two"]) {
      await sharp(noise(), { raw: { width: 12, height: 12, channels: 3 } })
        .resize(300, 200, { fit: "fill" })
        .png()
        .toFile(file(`${name}.png`));
    }
    await sharp(file("one.png")).resize(120, 80).jpeg({ quality: 60 }).toFile(file("copy.jpg"));
    const plain = Buffer.alloc(40 * 40 * 3, 128);
    await sharp(plain, { raw: { width: 40, height: 40, channels: 3 } })
      .png()
      .toFile(file("plain.png"));
    const rows = ["one.png", "two.png", "plain.png"].map((name) => row("train", name));
    rows.push(row("test", "copy.jpg"));
    const looks = new Map<string, Uint8Array>();
    for (const { file: name, digest } of rows) {
      const look = await lookOf(file(name));
      if (look !== undefined) looks.set(digest, look);
    }
    expect(looks.has("sha256:plain.png")).toBe(false);
    expect(nearDuplicates(rows, looks).map((pair) => pair.map(({ file: name }) => name))).toEqual([
      ["copy.jpg", "one.png"],
    ]);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

// Fine stripes are one plain grey from afar, and have no look.
test("drawn pictures of one class are not taken for copies of each other", async () => {
  const folder = mkdtempSync(join(tmpdir(), "flow-looks-"));
  try {
    const rows: ImageRow[] = [];
    const looks = new Map<string, Uint8Array>();
    for (let at = 0; at < 40; at++) {
      const pixels = draw((at % 2) as 0 | 1, 64, randomStream(5, `picture ${at}`));
      const path = join(folder, `${at}.png`);
      await sharp(pixels, { raw: { width: 64, height: 64, channels: 3 } })
        .png()
        .toFile(path);
      rows.push(row(at < 20 ? "train" : "test", `${at}.png`));
      const look = await lookOf(path);
      if (look !== undefined) looks.set(`sha256:${at}.png`, look);
    }
    expect(looks.size).toBeGreaterThan(30);
    expect(nearDuplicates(rows, looks)).toEqual([]);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
