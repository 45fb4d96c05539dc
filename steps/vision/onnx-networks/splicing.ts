import { elementTypes } from "../../compute/onnx/element-types.ts";
import { joined } from "../../compute/onnx/pieces.ts";
import { spliced } from "../../compute/onnx/splice.ts";
import { namesIn, unusedPrefix } from "../../compute/onnx/unused-names.ts";
import type { OnnxNetwork } from "../networks/onnx-network.ts";
import { type Builder, newBuilder, nodesOf } from "../onnx/builder.ts";
import type { Preprocessing } from "../preprocessing.ts";
import { constantsOf } from "../translate/scaling.ts";
import type { Part } from "./cut.ts";

export interface Splicing extends Preprocessing {
  readonly network: OnnxNetwork;
  readonly cut: Part;
  /** Appends what comes behind the network. */
  finish(builder: Builder): readonly Output[];
}

interface Output {
  readonly name: string;
  /** Length of a row of float32; absent: whatever comes out. */
  readonly length?: number;
}

/** An ONNX model from pixels on. */
export interface SplicedModel {
  readonly bytes: Uint8Array;
  /** uint8, count × height × width × 3, RGB. */
  readonly input: string;
  readonly outputs: readonly string[];
}

/**
 * A network with preprocessing before it and something behind: nodes whose form
 * is the same in every version of the operator set.
 *
 * @throws StepError where its files are cut short, or too large together.
 */
export async function splice({ network, cut, size, scaling, finish }: Splicing): Promise<SplicedModel> {
  const { file, model, picture, numbersOf } = network;
  const prefix = unusedPrefix(namesIn(model), "flow_");
  const before = newBuilder(`${prefix}in_`);
  const input = `${prefix}pixels`;
  const scaled = appendPreprocessing(before, { input, picture, scaling });
  const behind = newBuilder(`${prefix}out_`);
  const outputs = finish(behind);
  const batch = picture.batch ?? `${prefix}pictures`;
  const pieces = spliced({
    model,
    kept: (place) => ({ file, ...place }),
    numbersOf,
    nodes: cut.nodes,
    constants: cut.constants,
    before: [...nodesOf(before), { op: "Identity", inputs: [scaled], outputs: [picture.name] }],
    behind: nodesOf(behind),
    input: { name: input, type: "uint8", dims: [batch, ...size, 3] },
    outputs: outputs.map(({ name, length }) =>
      length === undefined ? { name, dims: [] } : { name, type: "float32", dims: [batch, length] },
    ),
  });
  return { bytes: await joined(pieces, file), input, outputs: outputs.map(({ name }) => name) };
}

/** Pixels become what the network takes, as `appendScaling` does it. */
function appendPreprocessing(
  builder: Builder,
  {
    input,
    picture,
    scaling,
  }: Pick<Preprocessing, "scaling"> & { input: string } & Pick<OnnxNetwork, "picture">,
): string {
  const { layout, type } = picture;
  // A third of the bytes are turned where it is done before.
  const turned =
    layout === "last" ? input : builder.node("Transpose", [input], { perm: { ints: [0, 3, 1, 2] } });
  if (type === "uint8") return turned;
  const values = builder.node("Cast", [turned], { to: { int: elementTypes.float32 } });
  const { bgr, mean, std } = constantsOf(scaling);
  const axis = layout === "first" ? 1 : 3;
  const ordered = bgr
    ? builder.node("Gather", [values, builder.integers([2, 1, 0])], { axis: { int: axis } })
    : values;
  const dims = layout === "first" ? [1, 3, 1, 1] : [1, 1, 1, 3];
  const each = (op: string, left: string, numbers: readonly number[]): string =>
    builder.node(op, [left, builder.floats(dims, Float32Array.from(numbers))]);
  const centered = mean.some((value) => value !== 0) ? each("Sub", ordered, mean) : ordered;
  const scaled = std.some((value) => value !== 1) ? each("Div", centered, std) : centered;
  return type === "float32" ? scaled : builder.node("Cast", [scaled], { to: { int: elementTypes[type] } });
}
