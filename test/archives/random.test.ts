import { gzipSync } from "node:zlib";
import fc from "fast-check";
import { expect, test } from "vitest";
import { StepError } from "../../engine/step-type.ts";
import { messageOf, shown, tryUnpack } from "./folder.ts";
import { writeTar } from "./write-tar.ts";
import { writeZip } from "./write-zip.ts";

const part = fc
  .stringMatching(/^[a-zA-Z0-9 ._,äß€日😀'"$*?<>|&;#%~-]{1,12}$/u)
  .filter((name) => !/^[. ]+$/.test(name) && !name.startsWith("._") && name !== ".DS_Store");
const path = fc.array(part, { minLength: 1, maxLength: 4 }).map((parts) => parts.join("/"));
const content = fc.oneof(
  fc.uint8Array({ maxLength: 40 }).map((bytes) => Buffer.from(bytes)),
  fc.tuple(fc.nat(3_000_000), fc.nat(255)).map(([length, byte]) => Buffer.alloc(length, byte)),
);
/** Files of which none is in the place of another's folder. */
const files = fc
  .dictionary(path, content, { maxKeys: 12 })
  .map((tree) =>
    Object.entries(tree).filter(([name]) => !Object.keys(tree).some((other) => other.startsWith(`${name}/`))),
  );

const writers: Readonly<Record<string, (items: readonly { name: string; content: Buffer }[]) => Buffer>> = {
  "a.zip": (items) => writeZip(items),
  "deflated.zip": (items) => writeZip(items.map((item) => ({ ...item, deflated: true, flags: 0x808 }))),
  "64.zip": (items) => writeZip(items, { zip64: true }),
  "a.tar": (items) => writeTar(items),
  "pax.tar": (items) => writeTar(items.map((item) => ({ ...item, name: "short", pax: { path: item.name } }))),
  "gnu.tgz": (items) => gzipSync(writeTar(items.map((item) => ({ ...item, isLong: true })))),
};

test.each(Object.entries(writers))(
  "random files come out of %s as they went in",
  async (name, write) => {
    await fc.assert(
      fc.asyncProperty(files, async (tree) => {
        const items = tree.map(([path, bytes]) => ({ name: path, content: bytes }));
        const {
          tree: found = {},
          error,
          ...rest
        } = await tryUnpack(write(items), { name, limits: { ratio: 1e6 } });
        expect(error).toBeUndefined();
        const kept = Object.entries(found).filter(([path]) => !path.endsWith("/"));
        expect(Object.fromEntries(kept)).toEqual(
          Object.fromEntries(tree.map(([path, bytes]) => [path, shown(bytes)])),
        );
        expect(rest.files).toBe(tree.length);
        expect(rest.bytes).toBe(tree.reduce((sum, [, bytes]) => sum + bytes.length, 0));
      }),
      { numRuns: 30 },
    );
  },
  300_000,
);

const items = [
  { name: "folder/", content: Buffer.alloc(0) },
  { name: "folder/Käse.jpg", content: Buffer.from("cheese") },
  { name: "folder/large", content: Buffer.alloc(1.2 * 2 ** 20, "large") },
  { name: "b", content: Buffer.from("another one ".repeat(20)) },
];

/** Gives every block that was a tar header the sum of its bytes. */
function addUp(tar: Buffer): void {
  for (let at = 0; at + 512 <= tar.length; at += 512) {
    const header = tar.subarray(at, at + 512);
    if (header.toString("latin1", 257, 262) !== "ustar") continue;
    header.write("        ", 148, "latin1");
    const sum = header.reduce((total, byte) => total + byte, 0);
    header.write(`${sum.toString(8).padStart(6, "0")}\x00 `, 148, "latin1");
  }
}

const contents = new Set(items.map(({ content: bytes }) => shown(bytes)));

/** A few changes to bytes, of which some are what headers have: signs, sizes, ends of names. */
const change = fc.oneof(
  fc.record({
    at: fc.double({ min: 0, max: 1, noNaN: true }),
    bytes: fc.uint8Array({ minLength: 1, maxLength: 4 }),
  }),
  fc.record({
    at: fc.double({ min: 0, max: 1, noNaN: true }),
    bytes: fc.constantFrom(
      ...[
        "\0",
        "\xff",
        "\xff\xff\xff\xff",
        "\0\0\0\0",
        "/",
        "../",
        "PK\x01\x02",
        "PK\x03\x04",
        "7777777",
        "1",
        "2",
        "5",
      ].map((text) => Uint8Array.from(Buffer.from(text, "latin1"))),
    ),
  }),
);
const mutation = fc.record({
  changes: fc.array(change, { minLength: 1, maxLength: 4 }),
  /** A tar header with a wrong sum is refused before anything in it is looked at. */
  isSumRight: fc.boolean(),
  /** Most bytes are content: half of the changes are where headers are. */
  isNearEnds: fc.boolean(),
  cut: fc.option(fc.double({ min: 0, max: 1, noNaN: true }), { freq: 6 }),
});

test.each(Object.entries(writers))(
  "%s, damaged at random, is unpacked or refused in a sentence",
  async (name, write) => {
    const whole = write(items);
    await fc.assert(
      fc.asyncProperty(mutation, async ({ changes, isSumRight, isNearEnds, cut }) => {
        const damaged = Buffer.from(whole);
        for (const { at, bytes } of changes) {
          const near = at < 0.5 ? at * 2000 : damaged.length - (1 - at) * 2000;
          damaged.set(
            bytes,
            Math.max(
              0,
              Math.min(damaged.length - bytes.length, Math.floor(isNearEnds ? near : at * damaged.length)),
            ),
          );
        }
        if (isSumRight) addUp(damaged);
        const { length } = damaged;
        const tried = await tryUnpack(damaged.subarray(0, cut === null ? length : Math.floor(cut * length)), {
          name,
        });
        if (tried.error !== undefined) {
          expect(tried.error).toBeInstanceOf(StepError);
          expect(messageOf(tried)).toMatch(/^[\w.]+ (is|holds) [^\n]+[^.]$/);
        } else if (name.endsWith(".zip")) {
          // A zip file has checksums: whatever comes out is what went in.
          for (const found of Object.values(tried.tree ?? {})) expect(contents).toContain(found);
        }
      }),
      { numRuns: 350 },
    );
  },
  600_000,
);
