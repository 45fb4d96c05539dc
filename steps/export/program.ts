import { stat } from "node:fs/promises";
import { join } from "node:path";
import { fileDigest } from "../../engine/cache/tree.ts";
import { checkSchema } from "../../engine/document/check.ts";
import type { Json, JsonObject } from "../../engine/json.ts";
import { refuseLacks } from "../../engine/requirements.ts";
import { StepError, type StepInput } from "../../engine/step-type.ts";
import type { ExtractParams } from "../extract/declaration.ts";
import { extract } from "../extract/index.ts";
import { openExtraction, refuseOther } from "../extract/open.ts";
import { requiredWeights } from "../extract/required-weights.ts";
import type { ModelDescription } from "../learning/heads/model.ts";
import { namedNetworks } from "../vision/networks/named.ts";
import type { Program } from "../vision/runtimes/runtime.ts";

/** Files that the features of a model were extracted with. */
export interface GivenExtractor {
  readonly network?: Pick<StepInput, "path" | "digest">;
  readonly weights?: Pick<StepInput, "path" | "digest">;
}

interface ProgramOptions {
  readonly extractor: GivenExtractor;
  /** FLOW_HOME. */
  readonly home: string;
  log(line: string): void;
}

/**
 * What makes rows of pixels, as the model's description says.
 *
 * @throws StepError where a file is missing, is one too many, or is not the one whose features the model knows.
 */
export async function openProgram(
  description: ModelDescription,
  { extractor: inputs, home, log }: ProgramOptions,
): Promise<Program> {
  const params = paramsOf(description);
  refuseMisgiven(description, inputs);
  const required = requiredWeights(params, new Set(Object.keys(inputs)));
  if (required !== undefined) await refuseLacks([required], home, { sources: { md5: md5Of } });
  const extraction = await openExtraction({
    ...{ params, inputs, home, log },
    required: () => join(home, required?.path ?? ""),
    // What is to be said of the network, the model's own notes say.
    note() {},
  });
  refuseOther(extraction, description.extractor);
  return extraction.extractor.program();
}

/** The parameters of an extraction that makes such rows; what computes them is onnxruntime. */
function paramsOf({ extractor, preprocessing }: ModelDescription): ExtractParams {
  const { network, weights, layer, pool } = extractor;
  const isNamed = namedNetworks.has(network);
  const word = weights === "seeded" ? "seeded" : weights.startsWith("imagenet ") ? "imagenet" : undefined;
  const params: JsonObject = {
    ...(isNamed ? { network } : {}),
    ...(isNamed && word !== undefined ? { weights: word } : {}),
    layer: layer as Json,
    pool,
    input: { ...preprocessing } as unknown as Json,
    device: "cpu",
  };
  const mismatches = checkSchema(extract.params, params);
  if (mismatches.length > 0) {
    throw new StepError(
      `how the model's features were extracted cannot be told: ${mismatches.map(({ message }) => message).join("; ")}`,
    );
  }
  return params as unknown as ExtractParams;
}

/**
 * By digests, before anything is opened: what another network lacks is nothing to be told of.
 *
 * @throws StepError where a file is to be given and is not, is one too many, or is another.
 */
function refuseMisgiven({ extractor }: ModelDescription, given: GivenExtractor): void {
  const { network, weights } = extractor;
  const isFile = { network: !namedNetworks.has(network), weights: weights.startsWith("sha256:") };
  const noFile = {
    network: `the network ${network}, which is no file`,
    weights: weights === "own" ? "the network's own weights" : `weights that are no file (${weights})`,
  };
  for (const name of ["network", "weights"] as const) {
    const digest = given[name]?.digest;
    if (isFile[name] && digest === undefined) {
      throw new StepError(
        `the model's features were extracted with ${name} from a file: give it as the input \`${name}\``,
      );
    }
    if (!isFile[name] && digest !== undefined) {
      throw new StepError(
        `the model's features were extracted with ${noFile[name]}: leave the input \`${name}\` out`,
      );
    }
    if (digest !== undefined && digest !== extractor[name]) {
      throw new StepError(
        `the input \`${name}\` is not what the model's features were extracted with: it is ${digest}, and that was ${extractor[name]}`,
      );
    }
  }
}

/** Of a file that is there. */
async function md5Of(path: string): Promise<string> {
  return fileDigest(path, (await stat(path)).size, "md5");
}
