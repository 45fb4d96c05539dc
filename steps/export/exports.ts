import { readonlyStore } from "../../engine/cache/readonly-store.ts";
import { artifactFiles, inputFiles } from "../../engine/inputs.ts";
import type { RunExport } from "../../engine/machine.ts";
import type { OutputRecord } from "../../engine/record/event.ts";
import { StepError } from "../../engine/step-type.ts";
import { some } from "../../engine/wording.ts";
import { extract } from "../extract/index.ts";
import { extractionOf, madeOutput } from "../predict/made-output.ts";
import { namedInputs } from "../predict/named-inputs.ts";
import { report } from "../report/index.ts";
import { train } from "../train/index.ts";
import { mistakesOf } from "./check.ts";
import { type FormatName, featuresFormats, isModelFormat, modelFormats } from "./format-names.ts";
import type { ExportInput, ExportRequest } from "./request.ts";
import { writeFiles } from "./write-files.ts";

export const formats: readonly FormatName[] = [...modelFormats, ...featuresFormats];

/** See `Exports`. */
export async function write(request: RunExport): Promise<string> {
  const { run, format: asked, include, folder, home, cache, signal, progress, note } = request;
  const format = formats.find((one) => one === asked);
  if (format === undefined)
    throw new StepError(`there is no format ${asked}; there are ${some(formats, 10)}`);
  const isModel = isModelFormat(format);
  const [mistake] = mistakesOf({ format, include }, new Set([isModel ? "model" : "features"]));
  if (mistake !== undefined) throw new StepError(mistake.message);
  const found = isModel ? await modelInputs(request) : featuresInputs(request);
  await writeFiles({
    ...found.inputs,
    ...{ format, include, folder, home, signal, progress },
    made: { run: run.id, ...(run.record.file === undefined ? {} : { pipeline: run.record.file }) },
    openStore: (id) => readonlyStore(cache.stores, id),
    log: note,
  });
  return found.step;
}

interface Found {
  readonly step: string;
  readonly inputs: Pick<ExportRequest, "model" | "features" | "report" | "extractor">;
}

async function modelInputs(request: RunExport): Promise<Found> {
  const { run, cache, include } = request;
  const { step, record, output } = madeOutput(request, train.name, "model");
  const extractor = include === "head" ? {} : await namedInputs(extractionOf(run, step, record), request);
  const outputs = Object.values(run.record.steps);
  const features = outputs.find(({ outputs }) => outputs.features?.digest === record.inputs.features);
  const reported = outputs.find(({ uses, inputs }) => uses === report.name && inputs.model === output.digest);
  return {
    step,
    inputs: {
      model: inputOf(request, output),
      ...given("features", features?.outputs.features),
      ...given("report", reported?.outputs.report),
      extractor,
    },
  };

  /** What the card can do without. */
  function given(name: "features" | "report", made: OutputRecord | undefined): Partial<Found["inputs"]> {
    return made === undefined || !cache.artifacts.complete(made.digest)
      ? {}
      : { [name]: inputOf(request, made) };
  }
}

function featuresInputs(request: RunExport): Found {
  const { step, output } = madeOutput(request, extract.name, "features");
  return { step, inputs: { features: inputOf(request, output), extractor: {} } };
}

function inputOf({ cache }: RunExport, { digest, notes }: OutputRecord): ExportInput {
  const path = cache.artifacts.path(digest);
  return { path, digest, notes, files: inputFiles(path, artifactFiles(cache, digest, undefined) ?? []) };
}
