import type { ObjectStore } from "../engine/remote/objects/object-store.ts";
import type { Remote, RemoteOptions } from "../engine/remote/remote.ts";
import { type Program, UsageError } from "./program.ts";
import type { Project } from "./project.ts";

export interface RemoteChoice {
  /** In place of what the configuration says; false for none. */
  readonly remote?: string | false;
  readonly push?: "auto" | "never";
}

/** Where results of others are, and how it is opened. */
export interface ChosenRemote {
  readonly name: string;
  open(): Promise<ObjectStore>;
}

/** `undefined` where none is named. @throws UsageError where it is no name of one. */
export async function chosenRemote(
  { env }: Program,
  { root, config }: Project,
  { remote = config.remote }: RemoteChoice,
): Promise<ChosenRemote | undefined> {
  if (remote === undefined || remote === false) return undefined;
  const { openObjectStore, parseRemote } = await import("../engine/remote/objects/open.ts");
  const place = parseRemote(remote);
  if (typeof place === "string") throw new UsageError(place);
  return { name: remote, open: () => openObjectStore(place, { env, root }) };
}

/** The remote of a run: it may be away, and then costs no more than some seconds. */
export async function remoteOfRun(
  program: Program,
  project: Project,
  { signal, note, ...choice }: RemoteChoice & Pick<RemoteOptions, "signal" | "note">,
): Promise<Remote | undefined> {
  const chosen = await chosenRemote(program, project, choice);
  if (chosen === undefined) return undefined;
  const { openRemote } = await import("../engine/remote/remote.ts");
  const { OF_A_RUN } = await import("../engine/remote/patience.ts");
  const push = (choice.push ?? project.config.push) === "never" ? "never" : "trusting";
  return openRemote({ ...chosen, ...OF_A_RUN, cache: project.cache, push, signal, note });
}
