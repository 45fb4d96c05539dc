import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { dirname, join } from "node:path";

const GIT_MS = 2_000;

/** What a run was made with: versions, platform, and the commit checked out in the project. */
export async function versions(flow: string, root: string): Promise<Record<string, string>> {
  const git = await gitCommit(root);
  const platform = `${process.platform}-${process.arch}`;
  return { flow, node: process.version, platform, ...(git === undefined ? {} : { git }) };
}

/**
 * The commit, asked of git itself: it knows worktrees, packed refs and
 * repositories further up. Only where there is one: starting git takes a few milliseconds.
 */
function gitCommit(root: string): Promise<string | undefined> {
  if (!isInRepository(root)) return Promise.resolve(undefined);
  return new Promise((resolve) => {
    // Where git itself started this (a hook), its variables name the repository it works on: not always this one.
    const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith("GIT_")));
    const options = { cwd: root, env, timeout: GIT_MS, encoding: "utf8" } as const;
    execFile("git", ["rev-parse", "--verify", "--quiet", "HEAD"], options, (error, stdout) => {
      const commit = stdout.trim();
      resolve(error === null && /^[0-9a-f]{40,64}$/.test(commit) ? commit : undefined);
    });
  });
}

function isInRepository(folder: string): boolean {
  if (existsSync(join(folder, ".git"))) return true;
  const above = dirname(folder);
  return above !== folder && isInRepository(above);
}
