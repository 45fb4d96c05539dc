import { existsSync } from "node:fs";
import { checkSchema } from "../../engine/document/check.ts";
import type { Json, JsonObject } from "../../engine/json.ts";
import type { ModelIdentity, PredictorRequest } from "../../engine/machine.ts";
import type { StepRecord } from "../../engine/record/run-record.ts";
import { refuseLacks } from "../../engine/requirements.ts";
import { StepError } from "../../engine/step-type.ts";
import type { ExtractParams } from "../extract/declaration.ts";
import { extract } from "../extract/index.ts";
import { readManifest } from "../learning/tables/manifest.ts";
import { train } from "../train/index.ts";
import { extractionOf, madeOutput } from "./made-output.ts";
import { type NamedInput, namedInputs } from "./named-inputs.ts";

/** All it takes to predict with a model of a run. Plain data: it crosses processes. */
export interface FoundModel {
  /** The artifact's folder, absolute. */
  readonly model: string;
  readonly identity: Omit<ModelIdentity, "classes">;
  /** Sentences attached to it. */
  readonly notes: readonly string[];
  /** Of the extraction that made the features it was trained on. */
  readonly params: ExtractParams;
  readonly inputs: { readonly [Name in "network" | "weights"]?: NamedInput };
  /** Weights and runtimes by their names among requirements: paths relative to FLOW_HOME. */
  readonly required: Readonly<Record<string, string>>;
  /** The store with the rows of these features; absent where that is not known, or others are asked for. */
  readonly store?: string;
  /** What computed them. */
  readonly devices: readonly string[];
}

/**
 * The model of a run's train step, and the extraction whose features it was
 * trained on, by their digests.
 *
 * @throws StepError where one of them is not there, or is not what it was.
 */
export async function findModel(request: PredictorRequest): Promise<FoundModel> {
  const { run, cache } = request;
  const { step, record, output } = madeOutput(request, train.name, "model");
  const extraction = extractionOf(run, step, record);
  const params = paramsOf(extraction, request);
  const named = await namedInputs(extraction, request);
  const required = await requiredPaths(params, Object.keys(extraction.inputs), request);
  const features = cache.artifacts.path(record.inputs.features as string);
  return {
    model: cache.artifacts.path(output.digest),
    identity: {
      ...{ run: run.id, step, digest: output.digest },
      network: params.network ?? (extraction.inputs.network as string),
    },
    notes: output.notes,
    params,
    inputs: named,
    required,
    ...(request.runtime === undefined && existsSync(features) ? { store: readManifest(features).store } : {}),
    devices: textsOf(extraction.metrics.devices),
  };
}

/** As the extraction had them, but for what is asked for in their place. */
function paramsOf(
  { params, inputs, sources = {} }: StepRecord,
  { runtime, device }: PredictorRequest,
): ExtractParams {
  const all: JsonObject = structuredClone({
    ...params,
    ...(runtime === undefined ? {} : { runtime, precision: "float32", device: "auto" }),
    ...(device === undefined ? {} : { device }),
  });
  // What an older flow did not know of has its default.
  const mismatches = checkSchema(extract.params, all);
  if (mismatches.length > 0) {
    throw new StepError(mismatches.map(({ message }) => message).join("\n"));
  }
  const names = new Set(Object.keys(inputs));
  const facts = { inputs: Object.values(sources), isFile: existsSync, memory: Number.POSITIVE_INFINITY };
  const mistakes = (extract.check?.(all, names, facts) ?? []).filter(({ code }) => code === undefined);
  if (mistakes.length > 0) throw new StepError(mistakes.map(({ message }) => message).join("\n"));
  return all as unknown as ExtractParams;
}

/** @throws StepError where weights or a runtime are missing, saying how they are brought. */
async function requiredPaths(
  params: ExtractParams,
  inputs: readonly string[],
  { home, cache }: PredictorRequest,
): Promise<FoundModel["required"]> {
  const requirements = extract.requires?.(params as unknown as JsonObject, new Set(inputs)) ?? [];
  await refuseLacks(requirements, home, cache);
  return Object.fromEntries(requirements.map(({ name, path }) => [name, path]));
}

function textsOf(value: Json | undefined): readonly string[] {
  return Array.isArray(value) ? value.filter((one) => typeof one === "string") : [];
}
