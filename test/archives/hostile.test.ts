import { gzipSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import { StepError } from "../../engine/step-type.ts";
import { messageOf, tryUnpack } from "./folder.ts";
import { type TarItem, writeTar } from "./write-tar.ts";
import { writeZip, type ZipItem } from "./write-zip.ts";

const names: readonly (readonly [name: string, why: RegExp])[] = [
  ["../../../etc/x", /^a\.\w+ is not unpacked: "\.\.\/\.\.\/\.\.\/etc\/x" has "\.\." in its name/],
  ["a/../../x", /has "\.\." in its name/],
  ["a/..", /has "\.\." in its name/],
  ["/tmp/x", /"\/tmp\/x" has an absolute path/],
  ["C:/x", /has an absolute path/],
  ["c:x", /has an absolute path/],
  ["a\0b", /control character/],
  ["a\nb", /"a b" has a control character/],
  ["a\x1b[2Jb", /"a␛\[2Jb" has a control character/],
  [".. /x", /dots or blanks alone/],
  ["a/.../x", /dots or blanks alone/],
  [`${"n".repeat(256)}`, /too long a name/],
  [`${"a/".repeat(600)}x`, /too long a name/],
];

async function expectRefused(
  content: Buffer,
  why: RegExp,
  options: Parameters<typeof tryUnpack>[1] = {},
): Promise<void> {
  const tried = await tryUnpack(content, options);
  expect(messageOf(tried)).toMatch(why);
  expect(tried.error).toBeInstanceOf(StepError);
  expect(messageOf(tried)).not.toMatch(/[.!?]$|[.!?] [A-Z]/);
}

const before = { name: "first.jpg", content: "x" };

describe("a zip file", () => {
  test.each(names)("with the name %j is refused", (name, why) =>
    expectRefused(writeZip([before, { name, content: "x" }]), why),
  );

  test.each<readonly [string, readonly ZipItem[], RegExp]>([
    [
      "a link",
      [
        { name: "a", content: "/etc", mode: 0o120777 },
        { name: "a/x", content: "x" },
      ],
      /"a" is a link/,
    ],
    ["a device", [{ name: "a", mode: 0o020666 }], /"a" is a device/],
    ["a pipe", [{ name: "a", mode: 0o010666 }], /"a" is a pipe/],
    ["a socket", [{ name: "a", mode: 0o140666 }], /"a" is a socket/],
    ["two entries of one name", [{ name: "a/b" }, { name: "a/b" }], /it has two entries named "a\/b"/],
    [
      "two entries of one name, written differently",
      [{ name: "a/b" }, { name: "./a//b" }],
      /two entries named "a\/b"/,
    ],
    ["a file where a folder is needed", [{ name: "a" }, { name: "a/b" }], /"a" as a file and as a folder/],
    ["a folder where a file is", [{ name: "a/b" }, { name: "a" }], /"a" as a file and as a folder/],
    ["a folder with a content", [{ name: "a/", content: "x" }], /"a\/" is a folder that has a content/],
    ["a file without a name", [{ name: "" }], /a file without a name/],
    ["a name from Windows that leads out", [{ name: "..\\x", madeBy: 0 }], /has "\.\." in its name/],
    ["a backslash", [{ name: "a\\b" }], /"a\\b" has a backslash/],
    [
      "an encrypted file",
      [{ name: "a", content: "x", flags: 1, claims: { packedBytes: 13 } }],
      /"a" is encrypted; unpack it yourself/,
    ],
    [
      "LZMA",
      [{ name: "a", content: "x", claims: { method: 14 } }],
      /"a" is packed with LZMA, which is not read; unpack/,
    ],
    ["an unknown method", [{ name: "a", content: "x", claims: { method: 77 } }], /packed with method 77/],
    ["another checksum", [{ name: "a", content: "x", claims: { crc: 1 } }], /damaged or cut short at "a"/],
    [
      "another size",
      [{ name: "a", content: "xy", deflated: true, claims: { bytes: 1 } }],
      /damaged or cut short at "a"/,
    ],
    [
      "another checksum of a large file",
      [{ name: "a", content: "x".repeat(2 ** 21), claims: { crc: 1 } }],
      /damaged or cut short at "a"/,
    ],
    [
      "another size of a large file",
      [{ name: "a", content: "xy", deflated: true, claims: { bytes: 2 ** 21 } }],
      /damaged or cut short at "a"/,
    ],
    [
      "no compressed data",
      [{ name: "a", content: "\xff\xff\xff\xff", claims: { method: 8 } }],
      /damaged or cut short at "a"/,
    ],
    [
      "an entry outside the file",
      [{ name: "a", content: "x", claims: { offset: 2 ** 31 } }],
      /damaged or cut short at "a"/,
    ],
    [
      "an entry that is longer than the file",
      [{ name: "a", content: "x", claims: { packedBytes: 2 ** 30, bytes: 2 ** 30 } }],
      /damaged or cut short at "a"/,
    ],
  ])("with %s is refused", (_, items, why) => expectRefused(writeZip([before, ...items]), why));

  test("with fewer entries than it says is refused", () =>
    expectRefused(writeZip([before], { count: 2 }), /a\.zip is not unpacked: it is damaged or cut short$/));

  test("with entries that it does not count is refused", () =>
    expectRefused(writeZip([before, { name: "b" }], { count: 1 }), /it is damaged or cut short$/));

  test("that is cut anywhere is refused", async () => {
    const whole = writeZip([before, { name: "b", content: "y".repeat(5000), deflated: true }]);
    for (let length = 4; length < whole.length; length++)
      await expectRefused(whole.subarray(0, length), /damaged or cut short/);
  });

  test("with something behind its end is refused", () =>
    expectRefused(Buffer.concat([writeZip([before]), Buffer.from("garbage")]), /damaged or cut short/));
});

describe("a tar file", () => {
  const inTar = { name: "a.tar" };

  test.each(names.filter(([name]) => !name.includes("\0")))(
    "with the name %j is refused",
    async (name, why) => {
      await expectRefused(writeTar([before, { name: "short", pax: { path: name } }]), why, inTar);
      await expectRefused(writeTar([before, { name, isLong: true }]), why, inTar);
      if (name.length < 100) await expectRefused(writeTar([before, { name }]), why, inTar);
    },
  );

  test.each<readonly [string, readonly TarItem[], RegExp]>([
    ["a link", [{ name: "a", type: "2", link: "/etc" }, { name: "a/x" }], /"a" is a link/],
    ["a hard link", [{ name: "a", type: "1", link: "first.jpg" }], /"a" is a hard link/],
    ["a device", [{ name: "a", type: "3" }], /"a" is a device/],
    ["another device", [{ name: "a", type: "4" }], /"a" is a device/],
    ["a pipe", [{ name: "a", type: "6" }], /"a" is a pipe/],
    [
      "a sparse file",
      [{ name: "a", type: "S", content: "x" }],
      /"a" is of a kind that is not read, such as a sparse file/,
    ],
    [
      "a sparse file of the newer kind",
      [{ name: "GNUSparseFile.0/a", pax: { "GNU.sparse.major": "1", "GNU.sparse.name": "a" } }],
      /is of a kind that is not read/,
    ],
    ["a part of another archive", [{ name: "a", type: "M" }], /is of a kind that is not read/],
    ["two entries of one name", [{ name: "a/b" }, { name: "a/b" }], /it has two entries named "a\/b"/],
    [
      "two large entries of one name",
      [
        { name: "a", content: "x".repeat(2 ** 21) },
        { name: "a", content: "x".repeat(2 ** 21) },
      ],
      /it has two entries named "a"/,
    ],
    ["a file where a folder is needed", [{ name: "a" }, { name: "a/b" }], /"a" as a file and as a folder/],
    ["a folder where a file is", [{ name: "a/b" }, { name: "a" }], /"a" as a file and as a folder/],
    [
      "a folder with a content",
      [{ name: "a", type: "5", content: "x" }],
      /"a" is a folder that has a content/,
    ],
    ["a size that is no number", [{ name: "a", pax: { size: "x" } }], /damaged or cut short/],
    ["a size beyond its end", [{ name: "a", pax: { size: "99999" } }], /damaged or cut short/],
  ])("with %s is refused", (_, items, why) => expectRefused(writeTar([before, ...items]), why, inTar));

  const whole = writeTar([before, { name: "b", content: "y".repeat(700) }]);

  test("that is cut anywhere is refused", async () => {
    for (let length = 512; length < whole.length - 512; length += 64) {
      await expectRefused(whole.subarray(0, length), /damaged or cut short/, inTar);
      const packed = gzipSync(whole.subarray(0, length));
      await expectRefused(packed, /damaged or cut short/, { name: "a.tgz" });
    }
    await expectRefused(gzipSync(whole).subarray(0, -1), /damaged or cut short/, { name: "a.tgz" });
  });

  test("with something behind its end is refused", () =>
    expectRefused(Buffer.concat([whole, Buffer.from("garbage".repeat(100))]), /damaged or cut short/, inTar));

  test("with a damaged header is refused", () => {
    const damaged = Buffer.from(whole);
    damaged.write("x", 2);
    return expectRefused(damaged, /damaged or cut short/, inTar);
  });
});

describe("what holds too much is refused:", () => {
  const many = Array.from({ length: 50 }, (_, at) => ({ name: `${at}`, content: "x".repeat(100) }));

  test.each([
    ["a.zip", writeZip(many)],
    ["a.tar", writeTar(many)],
  ])("entries and bytes, in %s", async (name, content) => {
    await expectRefused(content, /it holds more than 49 entries; where that is as it should be, unpack/, {
      name,
      limits: { entries: 49 },
    });
    await expectRefused(content, /it holds more than 4,999 bytes/, { name, limits: { bytes: 4999 } });
    expect((await tryUnpack(content, { name, limits: { entries: 50 } })).files).toBe(50);
  });

  test("100,000 entries", async () => {
    const crowd = Array.from({ length: 100_000 }, (_, at) => ({ name: `${at % 100}/${at}`, content: "x" }));
    const zip = writeZip(crowd, { zip64: true });
    await expectRefused(zip, /it holds more than 99,999 entries/, { limits: { entries: 99_999 } });
    await expectRefused(writeTar(crowd), /it holds more than 999 entries/, {
      name: "a.tar",
      limits: { entries: 999 },
    });
    // What old programs write, which count to 65,536.
    expect((await tryUnpack(writeZip(crowd))).files).toBe(100_000);
  }, 600_000);

  test("folders that names ask for", () => {
    const deep = Array.from({ length: 10 }, (_, at) => ({ name: `${at}/${"a/".repeat(100)}x` }));
    return expectRefused(writeZip(deep), /it holds more than 1,000 entries/, { limits: { entries: 1000 } });
  });

  const zeros = Buffer.alloc(80 * 2 ** 20);

  test("a file of zeros", async () => {
    const bomb = writeZip([{ name: "a", content: zeros, deflated: true }]);
    await expectRefused(bomb, /it holds more than 100 times its own size/);
    await expectRefused(
      gzipSync(writeTar([{ name: "a", content: zeros }])),
      /more than 100 times its own size/,
      { name: "a.tgz" },
    );
  });

  test("one content that many entries share", async () => {
    const content = zeros.subarray(0, 2 ** 20);
    const first = { name: "0", content, deflated: true };
    const size = writeZip([first]).length;
    const shared = Array.from({ length: 100 }, (_, at) => ({
      name: `${at + 1}`,
      claims: { ...claimsOf(content), offset: 0 },
    }));
    expect(size).toBeLessThan(2000);
    await expectRefused(writeZip([first, ...shared]), /it holds more than 100 times its own size/);
  });

  test("tar headers alone", () =>
    expectRefused(
      gzipSync(Buffer.concat(Array(180_000).fill(writeTar([{ name: "a/", type: "5" }]).subarray(0, 512)))),
      /more than 100 times/,
      {
        name: "a.tgz",
      },
    ));
});

test.each([
  ["a.tar.bz2", Buffer.from("BZh91AY&SY"), /is packed with bzip2, which is not read; unpack it yourself/],
  ["a.tar.xz", Buffer.from("fd377a585a000004", "hex"), /is packed with xz/],
  ["a.tar.zst", Buffer.from("28b52ffd24", "hex"), /is packed with Zstandard/],
  ["a.7z", Buffer.from("377abcaf271c0004", "hex"), /is packed with 7-Zip/],
  ["a.rar", Buffer.from("Rar!\x1a\x07\x01\x00"), /is packed with RAR/],
  ["a.zip", Buffer.alloc(0), /a\.zip is empty, not an archive/],
  ["a.zip", Buffer.from("<html>not found</html>"), /is no archive that is read/],
  ["a.tgz", gzipSync("no tar file"), /damaged or cut short/],
])("%s of another kind is refused", (name, content, why) => expectRefused(content, why, { name }));

function claimsOf(content: Buffer): NonNullable<ZipItem["claims"]> {
  const alone = writeZip([{ name: "0", content, deflated: true }]);
  return {
    method: 8,
    crc: alone.readUInt32LE(14),
    packedBytes: alone.readUInt32LE(18),
    bytes: content.length,
  };
}
