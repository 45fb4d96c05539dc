import { mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as zlib from "node:zlib";
import { expect, test } from "vitest";
import { crc32ByTable } from "../../steps/archives/crc32.ts";
import { isArchive, unpack } from "../../steps/archives/unpack.ts";
import { shown, tryUnpack } from "./folder.ts";
import { writeTar } from "./write-tar.ts";
import { unicodeName, writeZip } from "./write-zip.ts";

const big = Buffer.alloc(3 * 2 ** 20, "0123456789abcdef");
const items = [
  { name: "train/" },
  { name: "train/cat/1.jpg", content: "cat" },
  { name: "./train//dog/2.jpg", content: "dog" },
  { name: "empty.csv", content: "" },
  { name: "big.bin", content: big },
];
const tree = {
  "big.bin": shown(big),
  "empty.csv": "",
  "train/": "",
  "train/cat/": "",
  "train/cat/1.jpg": "cat",
  "train/dog/": "",
  "train/dog/2.jpg": "dog",
};
const folderOf = (item: { readonly name: string }) =>
  item.name.endsWith("/") ? { ...item, type: "5" } : item;
const tar = writeTar(items.map(folderOf));

test.each([
  ["a zip file", "a.zip", writeZip(items)],
  ["a compressed zip file", "a.zip", writeZip(items.map((item) => ({ ...item, deflated: true })))],
  [
    "a zip file that was written to a pipe",
    "a.zip",
    writeZip(items.map((item) => ({ ...item, deflated: true, flags: 8 }))),
  ],
  ["a zip64 file", "a.zip", writeZip(items, { zip64: true })],
  ["a zip file that counts to 65,536", "a.zip", writeZip(items, { count: items.length - 2 ** 16 })],
  ["a tar file", "a.tar", tar],
  ["a compressed tar file", "a.tar.gz", zlib.gzipSync(tar)],
  [
    "a tar file compressed in pieces",
    "a.tgz",
    Buffer.concat([zlib.gzipSync(tar.subarray(0, 700)), zlib.gzipSync(tar.subarray(700))]),
  ],
  ["GNU's tar file", "a.tar", writeTar(items.map((item) => ({ ...folderOf(item), magic: "ustar  \x00" })))],
  ["an old tar file", "a.tar", writeTar(items.map((item) => ({ ...folderOf(item), magic: "" })))],
  ["a zip file with the name of a tar file", "a.tar", writeZip(items)],
])("%s is unpacked", async (_, name, content) => {
  const unpacked = await tryUnpack(content, { name });
  expect(unpacked.error).toBeUndefined();
  expect(unpacked).toMatchObject({ files: 4, bytes: 6 + big.length, notes: [] });
  expect(unpacked.tree).toEqual(tree);
});

test.each([
  ["says nothing and is UTF-8", { name: "Käse/Żółw.jpg" }, "Käse/Żółw.jpg", 1],
  ["says that it is UTF-8", { name: "Käse.jpg", flags: 0x800 }, "Käse.jpg", 0],
  ["says nothing and is the PC's", { name: Buffer.from("K\x84se.jpg", "latin1") }, "Käse.jpg", 1],
  [
    "has its name in Unicode beside it",
    { name: Buffer.from("K?se.jpg"), extra: unicodeName(Buffer.from("K?se.jpg"), "Käse.jpg") },
    "Käse.jpg",
    0,
  ],
  [
    "has had another name since",
    { name: Buffer.from("K.jpg"), extra: unicodeName(Buffer.from("K?se.jpg"), "Käse.jpg") },
    "K.jpg",
    0,
  ],
  ["was packed on Windows", { name: "a\\b\\c.jpg", madeBy: 0 }, "a/b/c.jpg", 0],
])("an entry of a zip file that %s gets its name", async (_, item, name, notes) => {
  const { tree: found = {}, notes: told } = await tryUnpack(writeZip([{ ...item, content: "x" }]));
  expect(Object.keys(found)).toContain(name);
  expect(told).toHaveLength(notes);
});

test("a tar file is one, whatever its first file is called", async () => {
  const { tree: found } = await tryUnpack(writeTar([{ name: "BZh.jpg", content: "x" }]));
  expect(found).toEqual({ "BZh.jpg": "x" });
});

test("checksums are the same where Node has none", () => {
  const content = Buffer.from(Array.from({ length: 1000 }, (_, at) => (at * at) % 251));
  expect(crc32ByTable(content)).toBe(zlib.crc32(content));
  expect(crc32ByTable(content.subarray(10), crc32ByTable(content.subarray(0, 10)))).toBe(zlib.crc32(content));
});

const long = `${"folder/".repeat(40)}${"n".repeat(200)}.jpg`;
test.each([
  ["in a pax header", { name: "short", pax: { path: "Käse/ж.jpg" } }, "Käse/ж.jpg", 0],
  ["in UTF-8", { name: "Käse.jpg" }, "Käse.jpg", 0],
  ["in Latin-1", { name: Buffer.from("Käse.jpg", "latin1") }, "Käse.jpg", 1],
  ["that is long, in GNU's way", { name: long, isLong: true }, long, 0],
  ["that is long, in a pax header", { name: "short", pax: { path: long } }, long, 0],
])("an entry of a tar file has a name %s", async (_, item, name, notes) => {
  const {
    tree: found = {},
    notes: told,
    error,
  } = await tryUnpack(writeTar([{ ...item, content: "x" }]), { name: "a.tar" });
  expect(error).toBeUndefined();
  expect(Object.keys(found)).toContain(name);
  expect(told).toHaveLength(notes);
});

test("what macOS leaves is left out, and counted", async () => {
  const {
    tree: found,
    files,
    notes,
  } = await tryUnpack(
    writeZip([
      { name: "Food-5K/1.jpg", content: "x" },
      { name: "Food-5K/.DS_Store", content: "x" },
      { name: "__MACOSX/" },
      { name: "__MACOSX/Food-5K/._1.jpg", content: "x" },
    ]),
  );
  expect(Object.keys(found ?? {})).toEqual(["Food-5K/", "Food-5K/1.jpg"]);
  expect(files).toBe(1);
  expect(notes.join()).toMatch(
    /a\.zip holds 2 files that macOS left there \(__MACOSX, \.DS_Store\): left out$/,
  );
});

test.each([
  ["zip", writeZip([])],
  ["tar", writeTar([])],
  ["zip", writeZip([{ name: "a/" }])],
])("a %s file without files is unpacked, with a note", async (_, content) => {
  const { files, notes } = await tryUnpack(content);
  expect(files).toBe(0);
  expect(notes.join()).toMatch(/a\.zip holds no files$/);
});

test("files get mode 644, whatever the archive says", async () => {
  const root = mkdtempSync(join(tmpdir(), "flow-unpack-"));
  try {
    writeFileSync(join(root, "a.zip"), writeZip([{ name: "x", content: "x", mode: 0o104777 }]));
    await unpack(join(root, "a.zip"), join(root, "to"), { signal: new AbortController().signal });
    expect(statSync(join(root, "to/x")).mode & 0o7777).toBe(0o644 & ~process.umask());
  } finally {
    rmSync(root, { recursive: true });
  }
});

const small = Array.from({ length: 2000 }, (_, at) => ({ name: `${at}`, content: "x".repeat(2000) }));
const large = [{ name: "large", content: Buffer.alloc(2 ** 26, "large") }];

test.each([
  ["many files", writeZip(small)],
  ["many files", writeTar(small)],
  ["a large file", writeZip(large)],
  ["a large file", writeTar(large)],
])("when it is aborted within %s, nothing is left in the folder, which stays", async (_, content) => {
  const root = mkdtempSync(join(tmpdir(), "flow-unpack-"));
  try {
    writeFileSync(join(root, "a"), content);
    mkdirSync(join(root, "to"));
    const stop = new AbortController();
    const unpacking = unpack(join(root, "a"), join(root, "to"), { signal: stop.signal });
    while (readdirSync(join(root, "to")).length === 0) await new Promise(setImmediate);
    stop.abort(new Error("stopped"));
    await expect(unpacking).rejects.toThrow("stopped");
    expect(readdirSync(join(root, "to"))).toEqual([]);
  } finally {
    rmSync(root, { recursive: true });
  }
});

test.each(["a.zip", "A.ZIP", "a.b.tar", "shard-000001.tar", "a.tar.gz", "a.tgz", "a.tar.xz", "a.rar"])(
  "%s is an archive by its name",
  (name) => expect(isArchive(name)).toBe(true),
);
test.each(["a.jpg", "zip", "a.zip.jpg", "a.gz", "tar/a", "a.csv"])("%s is none", (name) =>
  expect(isArchive(name)).toBe(false),
);
