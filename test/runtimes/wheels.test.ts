import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { runtimePackages } from "../../steps/compute/runtimes/catalog.ts";
import { whyPip } from "../../steps/compute/runtimes/pip-words.ts";
import { unpackWheel } from "../../steps/compute/runtimes/wheels.ts";
import { zip } from "../zip.ts";

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "flow-wheel-"));
});
afterEach(() => rmSync(root, { recursive: true }));

function unpack(content: Buffer): Promise<readonly string[]> {
  writeFileSync(join(root, "w.whl"), content);
  return unpackWheel(join(root, "w.whl"), { keeps: /^lib[a-z]+\.so/, folder: join(root, "to/lib") });
}

describe("of a wheel", () => {
  test("only the libraries are kept, without their folders", async () => {
    const kept = await unpack(
      zip({
        "a/liba.so.1": "a",
        "b/c/libb.so": "b",
        "libc.so": "c",
        "a/liba.py": "x",
        "liba.so/x": "x",
        "a/": "",
      }),
    );
    expect(kept).toEqual(["liba.so.1", "libb.so", "libc.so"]);
    expect(readdirSync(join(root, "to/lib"))).toEqual(kept);
    expect(readFileSync(join(root, "to/lib/libb.so"), "utf8")).toBe("b");
  });

  test.each([
    [
      "has a name that leads out",
      zip({ "../../libout.so": "x" }),
      "is no wheel, or is damaged: invalid relative path",
    ],
    ["has an absolute name", zip({ "/tmp/libout.so": "x" }), "is no wheel, or is damaged: absolute path"],
    ["has a name with backslashes", zip({ "..\\..\\libout.so": "x" }), "is no wheel, or is damaged: invalid"],
    [
      "has a link for a library",
      zip({ "liba.so": "/etc/passwd" }, { isLink: true }),
      "has a link where liba.so should be",
    ],
    ["has two of a name", zip({ "a/liba.so": "x", "b/liba.so": "y" }), "has two files liba.so"],
    [
      "claims more than it can hold",
      zip({ "liba.so": "x" }, { claimed: 2 ** 31 }),
      "says that it holds more than such a file can",
    ],
    [
      "claims a little more than it holds",
      zip({ "liba.so": "x" }, { claimed: 2 }),
      "is no wheel, or is damaged",
    ],
    ["has no libraries", zip({ "a/liba.py": "x" }), "holds none of the libraries"],
    ["is cut short", zip({ "liba.so": "x" }).subarray(0, 40), "is no wheel, or is damaged"],
    ["is none", Buffer.from("no zip file"), "is no wheel, or is damaged"],
  ])("one that %s is refused", async (_, content, message) => {
    await expect(unpack(content)).rejects.toThrow(message);
    expect(existsSync(join(root, "libout.so"))).toBe(false);
  });
});

test.each([
  [
    "ERROR: Could not install packages due to an OSError: [Errno 28] No space left on device",
    "the disk is full: a 1 could not be kept",
  ],
  [
    "WARNING: Retrying (Retry(total=0)) after connection broken by 'NewConnectionError(x)': /simple/a/\nERROR: No matching distribution found for a==1",
    "the package index cannot be reached, a 1 was not fetched: Retrying (Retry(total=0)) after connection broken by 'NewConnectionError(x)': /simple/a/",
  ],
  [
    "ERROR: THESE PACKAGES DO NOT MATCH THE HASHES FROM THE REQUIREMENTS FILE. …\n    Got 1",
    "what the package index has for a 1 is not what it was (another sha256): nothing of it was kept",
  ],
  ["Collecting a\nERROR: it does not like it\nnotice", "pip does not bring a 1: it does not like it"],
  ["", "pip does not bring a 1: it does not say why"],
])("pip's words %j", (said, expected) => {
  const wheel = { project: "a", version: "1", python: "3.12", platform: "any", sha256: "", bytes: 1 };
  expect(whyPip(wheel, said)).toBe(expected);
});

describe.each(["linux-x64", "linux-arm64"])("what is brought on %s", (platform) => {
  const packages = runtimePackages(platform);

  test("is pinned", () => {
    expect(packages.map(({ name }) => name)).toEqual(["openvino", "tensorflow"]);
    for (const { wheels, gpuWheels = [] } of packages) {
      for (const wheel of [...wheels, ...gpuWheels]) {
        expect(wheel.sha256).toMatch(/^[0-9a-f]{64}$/);
        expect(wheel.platform).toMatch(platform === "linux-x64" ? /_x86_64$/ : /_aarch64$/);
        expect(wheel.bytes).toBeGreaterThan(2 ** 20);
      }
    }
  });
});

test("nothing is brought elsewhere", () => {
  expect(runtimePackages("win32-x64")).toEqual([]);
});
