import type { LayerSummary, NetworkSummary } from "../../../engine/machine.ts";
import { StepError } from "../../../engine/step-type.ts";
import type { ModelNode } from "../../compute/onnx/read/node.ts";
import type { ModelValue } from "../../compute/onnx/read/value.ts";
import { lengthOf } from "../graph/graph.ts";
import { type OnnxNetwork, openOnnxNetwork } from "../networks/onnx-network.ts";
import { cutAt } from "../onnx-networks/cut.ts";

type Size = readonly [height: number, width: number];

/**
 * The tensors of an ONNX model: each is a place to cut. What a model says of
 * shapes and sizes is shown as it stands there.
 *
 * @throws StepError where the file is damaged, or takes no picture.
 */
export function summarizeOnnx(file: string, given: Size | undefined, assumed: Size): NetworkSummary {
  const network = openOnnxNetwork(file);
  const { model, picture, size: declared } = network;
  const sizes = new Map(model.initializers.map(({ name, dims }) => [name, lengthOf(dims)]));
  const total = [...sizes.values()].reduce((sum, size) => sum + size, 0);
  const counted = new Set<string>();
  const parametersOf = ({ inputs }: ModelNode): number => {
    const own = inputs.filter((name) => sizes.has(name) && !counted.has(name));
    for (const name of own) counted.add(name);
    return own.reduce((sum, name) => sum + (sizes.get(name) ?? 0), 0);
  };
  const values = new Map(
    [...model.outputs, ...model.values, ...model.inputs].map((value) => [value.name, value]),
  );
  const rows = model.nodes.flatMap((node) =>
    node.outputs.map((name, at): LayerSummary => {
      const lack = lackOf(network, name);
      return {
        name,
        type: node.op,
        ...shapeOf(values.get(name)),
        parameters: at === 0 ? parametersOf(node) : 0,
        isDefault: name === network.layer,
        ...(lack === undefined ? {} : { lack }),
      };
    }),
  );
  const input: LayerSummary = {
    ...{ name: picture.name, type: "input", parameters: 0, isDefault: false },
    ...shapeOf(values.get(picture.name)),
  };
  return {
    name: file,
    size: given ?? declared ?? assumed,
    sizeIs: given !== undefined ? "given" : declared !== undefined ? "declared" : "assumed",
    layers: [input, ...rows],
    parameters: { total, trainable: total, nonTrainable: 0, isWhole: model.sparse.length === 0 },
  };
}

/** Without the batch; nothing where the model does not fix it. */
function shapeOf(value: ModelValue | undefined): Pick<LayerSummary, "shape"> {
  const [, ...dims] = value?.dims ?? [];
  return value?.dims !== undefined && dims.every((dim) => typeof dim === "number")
    ? { shape: dims as readonly number[] }
    : {};
}

function lackOf(network: OnnxNetwork, tensor: string): string | undefined {
  try {
    cutAt(network, tensor);
    return undefined;
  } catch (error) {
    if (error instanceof StepError) return error.message;
    throw error;
  }
}
