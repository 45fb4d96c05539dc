import type { ModelNode } from "../../compute/onnx/read/node.ts";
import type { OnnxNetwork } from "../networks/onnx-network.ts";

/** Where a value with four axes has its channels. */
type Layout = OnnxNetwork["picture"]["layout"];

/**
 * Where a tensor with four axes has its channels: at the second axis where an
 * operator gives it that has them there by ONNX' definition (Conv, pooling, …);
 * where it was turned, at the other; else where what it was made from has them,
 * element by element; where nothing says it, where the picture has them.
 */
export function layoutOf({ picture, model }: OnnxNetwork, tensor: string): Layout {
  const layouts = new Map<string, Layout>([[picture.name, picture.layout]]);
  // Nodes stand behind those that they need.
  for (const node of model.nodes) {
    const layout = layoutAfter(node, layouts);
    if (layout !== undefined) for (const output of node.outputs) layouts.set(output, layout);
  }
  return layouts.get(tensor) ?? picture.layout;
}

function layoutAfter(node: ModelNode, layouts: ReadonlyMap<string, Layout>): Layout | undefined {
  if (node.domain !== "") return undefined;
  if (channelsFirst.has(node.op)) return "first";
  const before = node.inputs.map((input) => layouts.get(input)).find((layout) => layout !== undefined);
  if (node.op === "Transpose") {
    const perm = node.perm?.join();
    if (perm === "0,2,3,1" && before === "first") return "last";
    if (perm === "0,3,1,2" && before === "last") return "first";
    return undefined;
  }
  return keeping.has(node.op) ? before : undefined;
}

const channelsFirst = new Set(
  `AveragePool BatchNormalization Conv ConvInteger ConvTranspose DeformConv DepthToSpace GlobalAveragePool
  GlobalLpPool GlobalMaxPool GroupNormalization InstanceNormalization LRN LpPool MaxPool MaxUnpool
  QLinearConv SpaceToDepth`.split(/\s+/),
);

/** They keep every axis where it is. */
const keeping = new Set(
  `Abs Add Cast CastLike Ceil Celu Clip Concat DequantizeLinear Div Dropout Elu Erf Exp Floor Gelu HardSigmoid
  HardSwish Identity LeakyRelu Log LogSoftmax Max Mean Min Mish Mul Neg PRelu Pad Pow QuantizeLinear
  Reciprocal ReduceMax ReduceMean ReduceSum Relu Resize Round Selu Sigmoid Slice Softmax Softplus Softsign
  Split Sqrt Sub Sum Swish Tanh ThresholdedRelu Upsample Where`.split(/\s+/),
);
