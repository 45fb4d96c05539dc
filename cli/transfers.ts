import { OF_A_TRANSFER } from "../engine/remote/patience.ts";
import { openRemote, type Remote, type RemoteOptions, type Transferred } from "../engine/remote/remote.ts";
import { listenForInterrupts } from "./interrupts.ts";
import { type ExitCode, exitCode, type Program, UsageError } from "./program.ts";
import type { Project } from "./project.ts";
import { type ChosenRemote, chosenRemote, type RemoteChoice } from "./remotes.ts";

/** A command that is about a remote cannot do without one. */
export async function neededRemote(
  program: Program,
  project: Project,
  choice: RemoteChoice,
): Promise<ChosenRemote> {
  const chosen = await chosenRemote(program, project, choice);
  if (chosen !== undefined) return chosen;
  throw new UsageError(
    "no remote is named: write `remote: s3://bucket/prefix`, or a folder, into flow.config.yaml, or say --remote",
  );
}

export interface Transfer {
  readonly remote: Remote;
  readonly signal: AbortSignal;
  /** What went wrong so far, as sentences. */
  readonly notes: readonly string[];
}

export interface TransferResult {
  readonly code: ExitCode;
  readonly transferred: Transferred & { readonly name: string };
  readonly notes: readonly string[];
}

/** Does something with the remote, until Ctrl-C; what went wrong with it is the machine's fault. */
export async function transfer(
  program: Program,
  { cache }: Project,
  { chosen, push }: { readonly chosen: ChosenRemote; readonly push: RemoteOptions["push"] },
  work: (transfer: Transfer) => Promise<void>,
): Promise<TransferResult> {
  const interrupts = listenForInterrupts(program.env, (text) => program.stderr.write(text));
  const notes: string[] = [];
  const signal = interrupts.stop;
  const remote = openRemote({
    ...chosen,
    ...OF_A_TRANSFER,
    ...{ cache, push, signal, note: (text: string) => void notes.push(text) },
  });
  try {
    await work({ remote, signal, notes });
    const transferred = { name: remote.name, ...(await remote.close()) };
    const code = signal.aborted ? exitCode.interrupted : notes.length > 0 ? exitCode.machine : exitCode.ok;
    return { code, transferred, notes };
  } finally {
    interrupts.close();
  }
}
