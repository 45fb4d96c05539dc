import type { ExportContext } from "./declaration.ts";
import { writeFiles } from "./write-files.ts";

/** Writes the files of a format, its labels, and a card. */
export async function run(ctx: ExportContext): Promise<void> {
  const { model, features, report, network, weights } = ctx.inputs;
  await writeFiles({
    ...ctx.params,
    ...(model === undefined ? {} : { model }),
    ...(features === undefined ? {} : { features }),
    ...(report === undefined ? {} : { report }),
    extractor: {
      ...(network === undefined ? {} : { network }),
      ...(weights === undefined ? {} : { weights }),
    },
    folder: ctx.output("files"),
    home: ctx.home,
    openStore: ctx.openStore,
    signal: ctx.signal,
    progress: (done, total) => ctx.progress({ done, total, unit: "rows" }),
    log: ctx.log,
  });
}
