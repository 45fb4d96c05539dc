import { randomBytes } from "node:crypto";
import { printableLine } from "../engine/printable.ts";
import { ObjectError } from "../engine/remote/objects/object-store.ts";
import { OF_A_RUN, patientStore } from "../engine/remote/patience.ts";
import { type CommonOptions, type ExitCode, exitCode, type Program, UsageError } from "./program.ts";
import { openProject } from "./project.ts";
import type { RemoteChoice } from "./remotes.ts";
import { neededRemote } from "./transfers.ts";
import { jsonDocument } from "./views/json.ts";

/** What was tried, and how it went. */
interface Tried {
  readonly name: "reach" | "read" | "write";
  readonly ok: boolean;
  readonly told: string;
}

/** Enough to tell a slow line from a fast one. */
const PROBE_BYTES = 1 << 20;

/** `flow remote check`: whether results can be fetched, and sent. */
export async function remote(
  program: Program,
  action: string,
  options: CommonOptions & RemoteChoice,
): Promise<ExitCode> {
  if (action !== "check") throw new UsageError(`flow remote ${action}: there is only flow remote check`);
  const project = await openProject(program, options);
  const chosen = await neededRemote(program, project, options);
  const tried: Tried[] = [];
  for await (const one of tryOut(chosen)) {
    tried.push(one);
    if (!options.json) program.stdout.write(`${one.name.padEnd(6)} ${printableLine(one.told)}\n`);
  }
  const [reach, read] = tried;
  const isUsable = reach?.ok === true && read?.ok === true;
  if (options.json) program.stdout.write(jsonDocument({ remote: chosen.name, ok: isUsable, tried }));
  return isUsable ? exitCode.ok : exitCode.machine;
}

async function* tryOut(chosen: Awaited<ReturnType<typeof neededRemote>>): AsyncGenerator<Tried> {
  const signal = new AbortController().signal;
  const attempt = async (name: Tried["name"], work: () => Promise<string>): Promise<Tried> => {
    try {
      return { name, ok: true, told: await work() };
    } catch (error) {
      if (!(error instanceof ObjectError)) throw error;
      return { name, ok: false, told: error.message };
    }
  };
  const opened = await chosen.open().catch((error: unknown) => error);
  if (opened instanceof ObjectError) {
    yield { name: "reach", ok: false, told: opened.message };
    return;
  }
  if (opened instanceof Error) throw opened;
  const store = patientStore(opened as Awaited<ReturnType<typeof chosen.open>>, { ...OF_A_RUN, signal });
  const reach = await attempt("reach", async () => {
    const began = performance.now();
    const isThere = await store.has("flow.json");
    const what = isThere ? "flow's results are there" : "nothing of flow's is there yet";
    return `${chosen.name}: ${what} (${Math.round(performance.now() - began)} ms)`;
  });
  yield reach;
  if (!reach.ok) return;
  const key = `probe/${randomBytes(8).toString("hex")}`;
  yield await attempt("read", async () => {
    // One may be allowed to look and not to read.
    await store.read("flow.json", 1 << 16);
    return "yes";
  });
  yield await attempt("write", async () => {
    const bytes = randomBytes(PROBE_BYTES);
    const began = performance.now();
    await store.write(key, bytes);
    const seconds = (performance.now() - began) / 1000;
    await store.remove(key).catch(() => {});
    return `yes, ${(PROBE_BYTES / 1e6 / seconds).toFixed(1)} MB/s`;
  });
}
