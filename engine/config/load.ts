import type { FromSchema } from "json-schema-to-ts";
import { checkSchema } from "../document/check.ts";
import { reportMismatches } from "../document/check-document.ts";
import type { ReportMistake } from "../document/connect.ts";
import { type Diagnostic, severityOf } from "../document/diagnostic.ts";
import { entryOf, isMap, type MapNode, toJson } from "../document/node.ts";
import { parseYaml } from "../document/parse.ts";
import { placesOf } from "../document/places.ts";
import { parseRemote } from "../remote/objects/open.ts";
import { configSchema } from "./schema.ts";

export type Config = FromSchema<typeof configSchema>;

/** A file of settings, as the user knows it. */
export interface ConfigFile {
  readonly file: string;
  readonly text: string;
}

export interface LoadedConfig {
  readonly config: Config;
  /** Every mistake, with its place. Then nothing of it counts. */
  readonly diagnostics: readonly Diagnostic[];
}

/** Text becomes settings, or every mistake in it at once. */
export function loadConfig({ file, text }: ConfigFile): LoadedConfig {
  // Mistakes are shown with their lines: what may be a secret is not.
  const shown = text.replace(
    /(:\/\/)([^\s@]+)(?=@)/g,
    (_, start: string, secret: string) => start + "*".repeat(secret.length),
  );
  const places = placesOf(file, shown);
  const diagnostics: Diagnostic[] = [];
  const report: ReportMistake = (code, message, mark, hint) => {
    const place = places.place(mark);
    diagnostics.push({
      code,
      severity: severityOf(code),
      message,
      place,
      ...(hint === undefined ? {} : { hint }),
    });
  };
  const { root, mistakes } = parseYaml(text, (start, end) => ({ kind: "file", start, end }));
  for (const { code, message, mark, hint } of mistakes) report(code, message, mark, hint);
  // A file of comments alone says nothing.
  const isEmpty = root === undefined || (root.kind === "scalar" && root.value === null);
  if (isMap(root)) {
    const config = toJson(root) as Config;
    reportMismatches(root, checkSchema(configSchema, config), { report });
    checkRemote(root, report);
    if (diagnostics.length === 0) return { config, diagnostics };
  } else if (!isEmpty && mistakes.length === 0) {
    report("wrong-type", "a configuration is a map with executor and steps", root.mark);
  }
  return { config: {}, diagnostics };
}

/** Two configurations as one, member by member: the second wins. */
export function merged(first: Config, second: Config): Config {
  const names = new Set([...Object.keys(first.steps ?? {}), ...Object.keys(second.steps ?? {})]);
  const steps = [...names].map(
    (name) => [name, { ...first.steps?.[name], ...second.steps?.[name] }] as const,
  );
  return {
    ...(first.executor || second.executor ? { executor: { ...first.executor, ...second.executor } } : {}),
    ...(steps.length > 0 ? { steps: Object.fromEntries(steps) } : {}),
    ...placesOfResults(first),
    ...placesOfResults(second),
  };
}

function placesOfResults({ cache, remote, push }: Config): Pick<Config, "cache" | "remote" | "push"> {
  return {
    ...(cache === undefined ? {} : { cache }),
    ...(remote === undefined ? {} : { remote }),
    ...(push === undefined ? {} : { push }),
  };
}

function checkRemote(root: MapNode, report: ReportMistake): void {
  const remote = entryOf(root, "remote")?.value;
  if (remote?.kind !== "scalar" || typeof remote.value !== "string") return;
  const place = parseRemote(remote.value);
  if (typeof place === "string") report("wrong-value", place, remote.mark);
}
