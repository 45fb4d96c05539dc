import { StepError } from "../../../engine/step-type.ts";
import { type ExportedModel, tensorNames } from "../format.ts";
import { newLayers, type Target } from "./builder.ts";
import { appendGraph } from "./graph.ts";
import { appendHead } from "./head.ts";
import type { LayersModel } from "./model-layer.ts";

/**
 * A model as layers: the head alone, or what makes rows of pixels before it.
 *
 * @throws StepError where no layers compute it.
 */
export function layersOf({ model, extractor }: ExportedModel, target: Target): LayersModel {
  if (extractor === undefined) {
    const builder = newLayers(target, tensorNames.features, [model.description.inputLength]);
    return builder.finish(appendHead(builder, builder.input, model));
  }
  if (extractor.kind === "onnx") {
    throw new StepError(
      `the network is an ONNX file, which has no layers: export the model as onnx, or its head alone as ${target}`,
    );
  }
  const { graph } = extractor;
  const builder = newLayers(target, tensorNames.pixels, graph.input.shape);
  return builder.finish(appendHead(builder, appendGraph(builder, builder.input, graph), model));
}
