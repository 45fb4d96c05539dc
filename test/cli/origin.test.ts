import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { versions } from "../../cli/origin.ts";

let folder: string;
const git = (cwd: string, ...args: string[]): string =>
  execFileSync("git", ["-c", "user.name=a", "-c", "user.email=a@b", ...args], {
    cwd,
    encoding: "utf8",
  }).trim();
const commitOf = async (path: string): Promise<string | undefined> => (await versions("1", path)).git;

beforeAll(() => {
  folder = realpathSync(mkdtempSync(join(tmpdir(), "flow-git-")));
  for (const name of ["empty", "repository/sub"]) mkdirSync(join(folder, name), { recursive: true });
  git(join(folder, "empty"), "init", "-q");
  const repository = join(folder, "repository");
  git(repository, "init", "-q");
  for (const text of ["one", "two"]) {
    writeFileSync(join(repository, "f"), text);
    git(repository, "add", "f");
    git(repository, "commit", "-qm", text);
  }
  git(repository, "worktree", "add", "-q", "--detach", "../worktree", "HEAD~1");
  git(repository, "pack-refs", "--all");
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

test.each(["repository", "repository/sub", "worktree"])("the commit of %s is known", async (name) => {
  const path = join(folder, name);
  expect(await commitOf(path)).toBe(git(path, "rev-parse", "HEAD"));
});

test.each([".", "empty"])("%s has none", async (name) => {
  expect(await commitOf(join(folder, name))).toBeUndefined();
});

test("it is the project's, whatever repository a hook runs for", async () => {
  process.env.GIT_DIR = join(folder, "repository/.git");
  try {
    expect(await commitOf(join(folder, "worktree"))).not.toBe(await commitOf(join(folder, "repository")));
    expect(await commitOf(join(folder, "empty"))).toBeUndefined();
  } finally {
    delete process.env.GIT_DIR;
  }
});
