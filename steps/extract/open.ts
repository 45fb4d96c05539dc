import { stat } from "node:fs/promises";
import { join } from "node:path";
import { fileDigest } from "../../engine/cache/tree.ts";
import { canonicalJson, type Json } from "../../engine/json.ts";
import { StepError, type StepInput } from "../../engine/step-type.ts";
import { type PlannedExtractor, planExtractor } from "../vision/extractor.ts";
import { namedNetworks } from "../vision/networks/named.ts";
import { defaultLayer, openNetwork } from "../vision/networks/open.ts";
import { firstNotFiniteLayer } from "../vision/not-finite.ts";
import { defaultChoices, type Preprocessing, type Scaling } from "../vision/preprocessing.ts";
import { resolveDevice } from "../vision/runtimes/device.ts";
import type { ExtractContext, ExtractParams } from "./declaration.ts";
import { requiredWeights } from "./required-weights.ts";

/** What it takes to open an extraction: of a step, or for pictures that belong to none. */
export interface ExtractionContext extends Pick<ExtractContext, "params" | "home" | "log" | "required"> {
  readonly inputs: { readonly [Name in "network" | "weights"]?: Pick<StepInput, "path" | "digest"> };
  note(output: "features", text: string): void;
}

/** The network of an extraction, ready to be opened, and what it is known by. */
export interface Extraction {
  readonly extractor: PlannedExtractor;
  /** Where it is cut: one layer, or several whose rows are joined. */
  readonly layer: string | readonly string[];
  readonly preprocessing: Preprocessing;
  /** A name, or the digest of its files. */
  readonly network: string;
  readonly weights: string;
  /** Which layer is the first to give what is not finite for a picture's pixels: reads the network once more. */
  blame(pixels: Uint8Array): Promise<string | undefined>;
}

/** @throws StepError where the network cannot be read or computed, or does not say what it has to be told. */
export async function openExtraction(ctx: ExtractionContext): Promise<Extraction> {
  const { params } = ctx;
  const named = params.network === undefined ? undefined : namedNetworks.get(params.network);
  const weights = await identityOfWeights(ctx);
  if (weights.note !== undefined) ctx.note("features", weights.note);
  const wanted = params.input.size as readonly [number, number] | undefined;
  const source = {
    ...(params.network === undefined ? {} : { named: params.network }),
    ...(wanted === undefined ? {} : { size: wanted }),
    ...(ctx.inputs.network === undefined ? {} : { path: ctx.inputs.network.path }),
    weights: weights.source,
  };
  const network = await openNetwork(source);
  const layer = params.layer ?? defaultLayer(network);
  const size = wanted ?? named?.size ?? network.size;
  const scaling = (params.input.scaling ?? named?.scaling) as Scaling | undefined;
  if (size === undefined) {
    throw new StepError(
      "the network does not say how large its input is: add `input: { size: [height, width] }`",
    );
  }
  if (scaling === undefined) throw new Error("a network without scaling passed the check");
  const preprocessing = { size: [size[0], size[1]] as const, scaling, ...choicesOf(params.input) };
  const libraries =
    params.runtime === "onnxruntime" ? {} : { libraries: join(ctx.required(params.runtime), "lib") };
  const options = {
    layer,
    pool: params.pool,
    size: preprocessing.size,
    scaling,
    runtime: params.runtime,
    precision: params.precision,
    ...libraries,
    device: await resolveDevice(
      params.device,
      { runtime: params.runtime, home: ctx.home, ...libraries },
      ctx.log,
    ),
    ...(params.threads === undefined ? {} : { threads: params.threads }),
  };
  return {
    extractor: await planExtractor({ network, ...options }),
    layer,
    preprocessing,
    network: params.network ?? (ctx.inputs.network?.digest as string),
    weights: weights.identity,
    blame: async (pixels) => firstNotFiniteLayer({ network: await openNetwork(source), ...options }, pixels),
  };
}

/**
 * What is called the same may have become something else: weights that others
 * publish have no digest in the pipeline.
 *
 * @throws StepError where an extraction is not the one that a model's features came from.
 */
export function refuseOther(
  now: Pick<Extraction, "network" | "weights" | "layer">,
  was: Pick<Extraction, "network" | "weights" | "layer">,
): void {
  const other = (["network", "weights", "layer"] as const).filter(
    (name) => canonicalJson(was[name] as Json) !== canonicalJson(now[name] as Json),
  );
  if (other.length === 0) return;
  const texts = other.map((name) => `${name} ${String(was[name])}, here ${String(now[name])}`);
  throw new StepError(`the model was trained on other features than these: ${texts.join("; ")}`);
}

/** What is asked for beyond the defaults. */
function choicesOf({ resize, fit, orient, maxPixels }: ExtractParams["input"]): Partial<Preprocessing> {
  return {
    ...(resize === defaultChoices.resize ? {} : { resize }),
    ...(fit === defaultChoices.fit ? {} : { fit }),
    ...(orient === defaultChoices.orient ? {} : { orient }),
    ...(maxPixels === defaultChoices.maxPixels ? {} : { maxPixels }),
  };
}

interface WeightsIdentity {
  readonly source: Parameters<typeof openNetwork>[0]["weights"];
  /** Names the values: a word, or a digest. */
  readonly identity: string;
  readonly note?: string;
}

async function identityOfWeights(ctx: ExtractionContext): Promise<WeightsIdentity> {
  const { params } = ctx;
  const input = ctx.inputs.weights;
  if (input !== undefined) return { source: { kind: "h5", path: input.path }, identity: input.digest };
  if (params.network === undefined) return { source: { kind: "own" }, identity: "own" };
  if (params.weights === "seeded") {
    return {
      source: { kind: "seeded" },
      identity: "seeded",
      note: "the network's weights are seeded: random, not learned from ImageNet.",
    };
  }
  const required = requiredWeights(params, new Set(Object.keys(ctx.inputs)));
  if (required === undefined) throw new Error(`no weights are known for ${params.network}`);
  const path = ctx.required(required.name);
  // Of a file that has no known one, what it holds names the values all the same.
  const md5 = required.md5 ?? (await fileDigest(path, (await stat(path)).size, "md5"));
  return { source: { kind: "h5", path }, identity: `imagenet md5:${md5}` };
}
