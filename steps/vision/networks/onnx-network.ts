import { realpathSync, statSync } from "node:fs";
import { dirname, join, posix } from "node:path";
import { staysInside } from "../../../engine/stays-inside.ts";
import { StepError } from "../../../engine/step-type.ts";
import type { FilePiece } from "../../compute/onnx/pieces.ts";
import { readModelFile } from "../../compute/onnx/read/file.ts";
import type { Model } from "../../compute/onnx/read/model.ts";
import type { ExternalData } from "../../compute/onnx/read/tensor.ts";
import { type Picture, pictureOf } from "./onnx-picture.ts";

/** A network as an ONNX file has it: operators, which are not looked into. */
export interface OnnxNetwork {
  readonly kind: "onnx";
  readonly file: string;
  readonly model: Model;
  readonly picture: Picture;
  /** Its output; of several the first. */
  readonly layer: string;
  /** Height and width in pixels, where the network fixes them. */
  readonly size?: readonly [height: number, width: number];
  /** Where numbers are that are kept beside the model. */
  numbersOf(external: ExternalData): FilePiece;
}

/** Before it, operators had other broadcasting rules. */
const OLDEST_OPERATOR_SET = 7;

/**
 * Reads an ONNX model, up to its weights.
 *
 * @throws StepError where it is damaged, too old, takes no picture, or its weights are not there.
 */
export function openOnnxNetwork(file: string): OnnxNetwork {
  const model = readModelFile(file);
  checkOperatorSets(file, model);
  const numbers = externalNumbers(file, model);
  const picture = pictureOf(file, model);
  const { height, width } = picture;
  const [output] = model.outputs;
  if (output === undefined) throw new StepError(`${file} has no output`);
  return {
    kind: "onnx",
    file,
    model,
    picture,
    layer: output.name,
    ...(height === undefined || width === undefined ? {} : { size: [height, width] }),
    numbersOf: (external) => numbers.get(external) as FilePiece,
  };
}

function checkOperatorSets(file: string, { operatorSets, nodes }: Model): void {
  const version = operatorSets.get("");
  if (version !== undefined && version < OLDEST_OPERATOR_SET) {
    throw new StepError(
      `${file} is in version ${version} of ONNX' operators, and ${OLDEST_OPERATOR_SET} is the oldest that is read: export it anew`,
    );
  }
  const stray = nodes.find(({ domain }) => !operatorSets.has(domain));
  if (stray === undefined) return;
  const name = stray.domain === "" ? "ONNX' own operators" : `the operators of ${stray.domain}`;
  throw new StepError(`${file} does not say in which version it uses ${name} (${stray.op})`);
}

/** Every place is looked at before anything is computed. */
function externalNumbers(file: string, model: Model): ReadonlyMap<ExternalData, FilePiece> {
  const [hidden] = model.hidden.filter(({ external }) => external !== undefined);
  if (hidden?.external !== undefined) {
    throw new StepError(
      `${file} keeps a constant of an operator in ${JSON.stringify(hidden.external.location)}, and only weights are read from other files: ${asOneFile}`,
    );
  }
  const found = new Map<ExternalData, FilePiece>();
  for (const { external } of model.initializers) {
    if (external !== undefined) found.set(external, placeOf(file, external));
  }
  return found;
}

const asOneFile = 'save it as one file (`onnx.save(model, "network.onnx")`)';

function placeOf(file: string, { location, offset, length }: ExternalData): FilePiece {
  if (!staysInside(location)) {
    throw new StepError(
      `${file}: the file of weights ${JSON.stringify(location)} lies outside the model's folder: put it there, or ${asOneFile}`,
    );
  }
  // Links there lead wherever the user let them.
  const full = join(dirname(file), posix.normalize(location));
  const stat = statSync(full, { throwIfNoEntry: false });
  if (stat === undefined || !stat.isFile()) {
    throw new StepError(`${full} is ${stat ? "no file" : "missing"}: ${file} names it as a file of weights`);
  }
  const end = length === undefined ? stat.size : offset + length;
  if (offset > end || end > stat.size) {
    throw new StepError(`${full} ends before the weights of ${file} do: it is cut short, or another model's`);
  }
  return { file: realpathSync(full), start: offset, end };
}
