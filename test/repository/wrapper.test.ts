import { spawnSync } from "node:child_process";
import {
  appendFileSync,
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { repository } from "../cli/flow.ts";

// `./flow` of a checkout: what it builds and when.

let folder: string;
let checkout: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "flow-checkout-"));
  // For users other than root, too.
  chmodSync(folder, 0o755);
  checkout = join(folder, "checkout");
  mkdirSync(checkout);
  const parts = ["flow", "flow.ts", "cli", "engine", "steps", "scripts", "dist"];
  for (const name of [...parts, "package.json", "package-lock.json", "tsconfig.json"]) {
    cpSync(join(repository, name), join(checkout, name), { recursive: true });
  }
  installInto(checkout);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** As `npm ci` does, without the copies. */
function installInto(root: string): void {
  const modules = join(repository, "node_modules");
  mkdirSync(join(root, "node_modules"));
  for (const name of readdirSync(modules).filter((name) => !name.startsWith("."))) {
    symlinkSync(join(modules, name), join(root, "node_modules", name));
  }
  markInstalled(root);
}

/** The file that npm writes last; some shells compare whole seconds only. */
function markInstalled(root: string): void {
  const file = join(root, "node_modules/.package-lock.json");
  writeFileSync(file, "{}");
  const later = new Date(Date.now() + 5_000);
  utimesSync(file, later, later);
}

/** What `./flow --version` says, and whether it built. */
function start(root: string): { readonly said: string; readonly built: boolean } {
  // A new build takes the place of the whole folder.
  const mark = join(root, "dist/.built-before");
  writeFileSync(mark, "");
  const { stdout, stderr } = spawnSync(join(root, "flow"), ["--version"], { encoding: "utf8" });
  return { said: stdout + stderr, built: !existsSync(mark) };
}
const { version } = JSON.parse(readFileSync(join(repository, "package.json"), "utf8")) as { version: string };
const usual = { said: `${version}\n`, built: false };

test("a build is used as long as its sources are the same, whatever their times", () => {
  expect(start(checkout)).toEqual(usual);
  utimesSync(join(checkout, "flow.ts"), new Date(), new Date());
  expect(start(checkout)).toEqual(usual);
  // As `cp -r` copies.
  const copy = join(folder, "copy");
  cpSync(checkout, copy, { recursive: true });
  expect(start(copy)).toEqual(usual);
});

test.each([
  ["changed", (file: string) => appendFileSync(file, "\n// changed\n")],
  ["added", (file: string) => writeFileSync(`${file.slice(0, -3)}-too.ts`, "export {};\n")],
  ["removed", (file: string) => rmSync(`${file.slice(0, -3)}-too.ts`)],
])("a source that was %s is built, also with an old time", (_, change) => {
  const file = join(checkout, "cli/places.ts");
  change(file);
  utimesSync(file, 0, 0);
  expect(start(checkout)).toEqual({ ...usual, built: true });
  expect(start(checkout)).toEqual(usual);
});

test("what somebody else installed and built can be used by those who can write nothing there", (context) => {
  const user = process.getuid?.() === 0 ? { uid: 65534, gid: 65534 } : {};
  const readable = spawnSync("test", ["-r", join(repository, "node_modules/commander/package.json")], user);
  if (readable.status !== 0) context.skip("an ordinary user cannot read this checkout");
  const theirs = join(folder, "theirs");
  cpSync(checkout, theirs, { recursive: true });
  rmSync(join(theirs, "node_modules/.flow-lock"));
  markInstalled(theirs);
  spawnSync("chmod", ["-R", "a-w,a+rX", theirs]);
  const { stdout, stderr } = spawnSync(join(theirs, "flow"), ["--version"], { ...user, encoding: "utf8" });
  spawnSync("chmod", ["-R", "u+w", theirs]);
  expect(stdout + stderr).toBe(usual.said);
});

test("what nohup started is told so", (context) => {
  if (!existsSync("/proc/self/status")) context.skip("there is no /proc to tell");
  const copy = join(folder, "nohup");
  cpSync(checkout, copy, { recursive: true });
  writeFileSync(join(copy, "dist/flow.js"), "console.log(process.env.FLOW_NOHUP);");
  const told = (...before: string[]): string =>
    spawnSync("env", [...before, join(copy, "flow")], { encoding: "utf8", input: "" }).stdout;
  expect(told()).toBe("undefined\n");
  expect(told("nohup")).toBe("1\n");
});

test("a lock file that is another asks for an installation, also with an old time", () => {
  const lock = join(checkout, "package-lock.json");
  // npm refuses it before it touches anything.
  writeFileSync(lock, "no lock file\n");
  utimesSync(lock, 0, 0);
  expect(start(checkout).said).toContain("flow: installing dependencies (npm ci)");
});
