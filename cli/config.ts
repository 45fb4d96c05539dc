import { existsSync, readFileSync } from "node:fs";
import { isAbsolute, join, relative, resolve } from "node:path";
import type { Config } from "../engine/config/load.ts";
import type { Diagnostic } from "../engine/document/diagnostic.ts";
import { type Program, UsageError } from "./program.ts";

/** Mistakes in the settings: nothing goes by them. */
export class SettingsError extends Error {
  override readonly name = "SettingsError";
  readonly diagnostics: readonly Diagnostic[];
  constructor(diagnostics: readonly Diagnostic[]) {
    super("there are mistakes in the settings");
    this.diagnostics = diagnostics;
  }
}

/** What is in force, and where it is written. */
export interface Settings {
  readonly config: Config;
  /** The files that there are, as people would type them; of two the later wins. */
  readonly files: readonly string[];
  /** Every mistake in them. */
  readonly diagnostics: readonly Diagnostic[];
}

/**
 * The settings of the person (`FLOW_CONFIG`, else `flow/config.yaml` in
 * XDG_CONFIG_HOME), and those of the project, `flow.config.yaml` in its root,
 * which win.
 */
export async function readSettings({ env }: Pick<Program, "env">, root: string): Promise<Settings> {
  const found: string[] = [];
  const diagnostics: Diagnostic[] = [];
  let config: Config = {};
  for (const path of [personal(env), join(root, "flow.config.yaml")]) {
    const text = path === undefined ? undefined : textOf(path);
    if (path === undefined || text === undefined) continue;
    const { loadConfig, merged } = await import("../engine/config/load.ts");
    const inside = relative(process.cwd(), path);
    const file = inside.startsWith("..") ? path : inside;
    const loaded = loadConfig({ file, text });
    found.push(file);
    diagnostics.push(...loaded.diagnostics);
    config = merged(config, loaded.config);
  }
  return { config, files: found, diagnostics };
}

function personal(env: Program["env"]): string | undefined {
  if (env.FLOW_CONFIG) {
    if (existsSync(env.FLOW_CONFIG)) return resolve(env.FLOW_CONFIG);
    throw new UsageError(`there is no file ${env.FLOW_CONFIG}, which FLOW_CONFIG names`);
  }
  // A relative one is to be ignored, says the XDG Base Directory Specification.
  if (env.XDG_CONFIG_HOME && isAbsolute(env.XDG_CONFIG_HOME))
    return join(env.XDG_CONFIG_HOME, "flow/config.yaml");
  return env.HOME ? join(env.HOME, ".config/flow/config.yaml") : undefined;
}

/** `undefined` where there is none. */
function textOf(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    if (/^(ENOENT|ENOTDIR)$/.test((error as NodeJS.ErrnoException).code ?? "")) return undefined;
    throw error;
  }
}
