import { homedir, tmpdir } from "node:os";
import { isAbsolute, join, resolve } from "node:path";
import type { CommonOptions, Program } from "./program.ts";

/** The folders a command works with, absolute. */
export interface Places {
  /** Relative paths in a pipeline are relative to it. */
  readonly root: string;
  readonly runs: string;
  readonly cache: string;
  /** FLOW_HOME: what projects share. */
  readonly home: string;
}

/** @param configured where results are kept, if nothing nearer says so. */
export function placesOf({ env }: Program, options: CommonOptions, configured?: string): Places {
  const root = resolve(options.directory ?? ".");
  return {
    root,
    runs: join(root, "runs"),
    cache: resolve(root, options.cache ?? (env.FLOW_CACHE || configured || ".flow")),
    home: flowHome(env),
  };
}

/** FLOW_HOME, else `flow` in the user's cache directory (XDG Base Directory Specification; macOS has its own). */
function flowHome(env: Program["env"]): string {
  if (env.FLOW_HOME) return resolve(env.FLOW_HOME);
  // A relative one is to be ignored, says the specification.
  if (env.XDG_CACHE_HOME && isAbsolute(env.XDG_CACHE_HOME)) return join(env.XDG_CACHE_HOME, "flow");
  const own = homeOf(env);
  return process.platform === "darwin" ? join(own, "Library", "Caches", "flow") : join(own, ".cache", "flow");
}

/** The user's home; one without a home (in containers, under some services) keeps things with the temporary files. */
function homeOf(env: Program["env"]): string {
  if (env.HOME) return env.HOME;
  try {
    return homedir();
  } catch {
    return join(tmpdir(), `flow-${process.getuid?.() ?? "home"}`);
  }
}
