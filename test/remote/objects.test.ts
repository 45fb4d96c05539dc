import { createHash } from "node:crypto";
import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { AwsV4Signer } from "aws4fetch";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { ObjectStore } from "../../engine/remote/objects/object-store.ts";
import { bytes, errorOf, open, textOf, waiting } from "./opened.ts";
import { bucket, type S3Server, startS3, withoutServer } from "./s3-server.ts";

// Bytes under names, wherever they lie.

// biome-ignore lint/suspicious/noConsole: a skip says why
if (withoutServer !== undefined) console.log(`skipped: ${withoutServer}`);
let server: S3Server;
let folder: string;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "flow-objects-"));
  if (withoutServer === undefined) server = await startS3();
});
afterAll(async () => {
  rmSync(folder, { recursive: true, force: true });
  await server?.stop();
});

const stores: readonly (readonly [string, boolean, () => Promise<ObjectStore>])[] = [
  ["a folder", false, () => open(join(folder, "a remote"), {})],
  ["S3", withoutServer !== undefined, () => open(`s3://${bucket}/pre fix/ü+%25`, server.env)],
];
describe.each(stores)("a store in %s", (_, isSkipped, opened) => {
  describe.skipIf(isSkipped)("that is there", () => {
    let store: ObjectStore;
    beforeAll(async () => {
      store = await opened();
    });

    test("keeps what is written under its name, once", async () => {
      const key = "objects/ab/cdef";
      expect(await store.has(key, waiting)).toBe(false);
      expect(await store.read(key, 100, waiting)).toBeUndefined();
      expect(await store.write(key, bytes("first"), waiting)).toBe(true);
      expect(await store.write(key, bytes("second"), waiting)).toBe(false);
      expect(textOf(await store.read(key, 100, waiting))).toBe("first");
      expect(await store.has(key, waiting)).toBe(true);
      await store.overwrite(key, bytes("third"), waiting);
      expect(textOf(await store.read(key, 100, waiting))).toBe("third");
      await store.remove(key, waiting);
      await store.remove(key, waiting);
      expect(await store.has(key, waiting)).toBe(false);
    });

    test("of several who write at once one is the first", async () => {
      const texts = Array.from({ length: 8 }, (_, at) => `writer ${at} ${"x".repeat(50_000)}`);
      const wrote = await Promise.all(
        texts.map((text) => store.write("keys/race.json", bytes(text), waiting)),
      );
      expect(wrote.filter(Boolean).length).toBe(1);
      expect(textOf(await store.read("keys/race.json", 1e6, waiting))).toBe(texts[wrote.indexOf(true)]);
    });

    test("gives back bytes of any length and value", async () => {
      await fc.assert(
        fc.asyncProperty(fc.uint8Array({ maxLength: 3000 }), async (content) => {
          await store.overwrite("objects/any", content, waiting);
          expect(Buffer.from((await store.read("objects/any", 3000, waiting)) ?? []).equals(content)).toBe(
            true,
          );
        }),
        { numRuns: 30 },
      );
      const large = Buffer.alloc(16 << 20, "large");
      await store.overwrite("objects/large", large, waiting);
      expect(
        large.equals((await store.read("objects/large", large.length, waiting)) ?? Buffer.alloc(0)),
      ).toBe(true);
    });

    test("refuses what is larger than it may be", async () => {
      await store.overwrite("objects/long", bytes("0123456789"), waiting);
      expect(await errorOf(store.read("objects/long", 9, waiting))).toMatchObject({ kind: "refused" });
    });
  });
});

describe("a folder", () => {
  test("leaves nothing but what was written", async () => {
    const place = join(folder, "tidy");
    const store = await open(place, {});
    await store.write("objects/ab/cd", bytes("x"), waiting);
    await store.write("objects/ab/cd", bytes("y"), waiting);
    expect(readdirSync(join(place, "incoming"))).toEqual([]);
  });

  test("is not made where what it lies in is not there", async () => {
    const store = await open(join(folder, "not mounted/results"), {});
    const error = await errorOf(store.write("keys/a.json", bytes("x"), waiting));
    expect(error.message).toContain("is the disk mounted?");
    expect(await store.read("keys/a.json", 10, waiting)).toBeUndefined();
  });

  test.each(["../out", "/etc/passwd", "a//b", "a/../b", "", "a/./b", "objects/ab/"])(
    "has no object %j",
    async (key) => {
      const store = await open(join(folder, "inside"), {});
      await expect(store.write(key, bytes("x"), waiting)).rejects.toThrow("cannot name an object");
    },
  );

  test("of a group's is the group's in all its folders", async () => {
    const place = join(folder, "group");
    mkdirSync(place);
    chmodSync(place, 0o2775);
    await (await open(place, {})).write("objects/ab/cd", bytes("x"), waiting);
    const modes = ["objects", "objects/ab", "incoming", "objects/ab/cd"].map(
      (path) => statSync(join(place, path)).mode & 0o7777,
    );
    expect(modes).toEqual([0o2775, 0o2775, 0o2775, 0o664]);
  });

  test("that is a cache is not taken for a remote", async () => {
    const place = join(folder, "cache");
    mkdirSync(place);
    writeFileSync(join(place, "CACHEDIR.TAG"), "");
    const store = await open(place, {});
    expect((await errorOf(store.read("keys/a.json", 10, waiting))).message).toContain("is a cache");
    expect(readdirSync(place)).toEqual(["CACHEDIR.TAG"]);
  });

  test("is rid of what a writer left who died", async () => {
    const place = join(folder, "left");
    mkdirSync(join(place, "incoming"), { recursive: true });
    writeFileSync(join(place, "incoming/old"), "");
    writeFileSync(join(place, "incoming/new"), "");
    utimesSync(join(place, "incoming/old"), 1, 1);
    await (await open(place, {})).has("flow.json", waiting);
    expect(readdirSync(join(place, "incoming"))).toEqual(["new"]);
  });

  test("that is a file is said to be none", async () => {
    writeFileSync(join(folder, "file"), "");
    const store = await open(join(folder, "file"), {});
    expect((await errorOf(store.write("keys/a.json", bytes("x"), waiting))).message).toContain(
      "is no folder",
    );
    expect(await store.read("keys/a.json", 10, waiting)).toBeUndefined();
  });
});

test("requests are signed as AWS' documentation does it", async () => {
  // docs.aws.amazon.com, "Authenticating Requests: Using the Authorization Header", the example GET Object.
  const signer = new AwsV4Signer({
    accessKeyId: "AKIAIOSFODNN7EXAMPLE",
    secretAccessKey: "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
    url: "https://examplebucket.s3.amazonaws.com/test.txt",
    headers: { range: "bytes=0-9", "x-amz-content-sha256": createHash("sha256").update("").digest("hex") },
    ...{ method: "GET", service: "s3", region: "us-east-1", datetime: "20130524T000000Z", allHeaders: true },
  });
  expect((await signer.sign()).headers.get("authorization")).toContain(
    "Signature=f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41",
  );
});
