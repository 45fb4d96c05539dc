import { type CommonOptions, type ExitCode, exitCode, type Program } from "./program.ts";
import { jsonDocument } from "./views/json.ts";
import { layersText } from "./views/layers-text.ts";
import { paintWith, wantsColour } from "./views/paint.ts";

export interface LayersOptions extends CommonOptions {
  readonly weights?: string;
  readonly size?: readonly [height: number, width: number];
}

/** `flow layers`: of what a network is made, and where it can be cut. */
export async function layers(program: Program, network: string, options: LayersOptions): Promise<ExitCode> {
  const { stdout, env } = program;
  const { directory = ".", weights, size } = options;
  const summary = await (await program.networks()).summarize({
    network,
    folder: directory,
    ...(weights === undefined ? {} : { weights }),
    ...(size === undefined ? {} : { size }),
  });
  const paint = paintWith(wantsColour(stdout, env, options.color));
  // A program that reads lines gets one for each layer, however long.
  const columns = stdout.isTTY ? (stdout.columns ?? 80) : Number.POSITIVE_INFINITY;
  stdout.write(options.json ? jsonDocument(summary) : layersText(summary, { paint, columns }));
  return exitCode.ok;
}
