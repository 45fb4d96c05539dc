import { once } from "node:events";
import { printableLine } from "../engine/printable.ts";
import type { ModelServer } from "../engine/serving.ts";
import { listenForInterrupts } from "./interrupts.ts";
import { tellNote } from "./mistakes.ts";
import { type CommonOptions, type ExitCode, exitCode, type Program } from "./program.ts";
import { namedRun, openProject } from "./project.ts";
import { jsonLine } from "./views/json.ts";

export interface ServeOptions extends CommonOptions {
  readonly step?: string;
  readonly port: number;
  readonly host: string;
  readonly allowHost: readonly string[];
  readonly token?: string;
  readonly insecure?: boolean;
  readonly maxBytes: number;
  readonly maxPixels: number;
  readonly timeout: number;
  readonly maxQueue: number;
  readonly runtime?: string;
  readonly device?: string;
}

/** `flow serve`: answers for a model of a run over HTTP, until it is told to stop. */
export async function serve(program: Program, name: string, options: ServeOptions): Promise<ExitCode> {
  const project = await openProject(program, options);
  const run = namedRun(project, name);
  const servers = await program.servers();
  const { step, runtime, device, host, port, maxBytes, maxPixels, timeout, maxQueue } = options;
  const token = options.token ?? program.env.FLOW_SERVE_TOKEN;
  const tell = (text: string): void => void program.stderr.write(`${printableLine(text)}\n`);
  const server = await servers.open({
    ...{ run, ...project, host, port, version: program.version },
    ...(step === undefined ? {} : { step }),
    ...(runtime === undefined ? {} : { runtime }),
    ...(device === undefined ? {} : { device }),
    ...(token === undefined ? {} : { token }),
    allowedHosts: options.allowHost,
    isInsecure: options.insecure ?? false,
    limits: { maxBytes, maxPixels, timeout, maxQueue },
    note: (text) => tellNote(program, text),
    warn: tell,
  });
  const interrupts = listenForInterrupts(program.env, (text) => program.stderr.write(text));
  program.stdout.write(told(server, options));
  try {
    await happened(interrupts.stop);
    const killed = happened(interrupts.kill).then(() => server.kill());
    await Promise.race([server.close(), killed]);
    return interrupts.kill.aborted ? exitCode.interrupted : exitCode.ok;
  } finally {
    interrupts.close();
  }
}

async function happened(signal: AbortSignal): Promise<void> {
  if (!signal.aborted) await once(signal, "abort");
}

function told({ url, model }: ModelServer, { json }: ServeOptions): string {
  if (json) return jsonLine({ kind: "listening", url, model });
  return printableLine(`${url} answers for ${model.step} of ${model.run}`).concat(
    `\ntry it: open that, or curl -F picture=@<file> ${url}predict\n`,
  );
}
