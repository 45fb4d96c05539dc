import { type GraphNode, type Metadata, type ValueInfo, writeMetadata } from "./graph.ts";
import type { Piece } from "./pieces.ts";
import { encodeMessage } from "./protobuf.ts";
import { readModel } from "./read/model.ts";
import { memorySource } from "./read/wire.ts";
import { spliced } from "./splice.ts";
import { unusedPrefix } from "./unused-prefix.ts";

export interface Appendix {
  /** Nodes that come before and behind the model's own. */
  readonly before: readonly GraphNode[];
  readonly behind: readonly GraphNode[];
  /** The input and the output that it has from now on. */
  readonly input: ValueInfo;
  readonly output: ValueInfo;
  readonly metadata: Metadata;
}

/**
 * The bytes of a model with more behind it, in its own version of the operator set.
 *
 * @param append is given a beginning that no name in the model has, and the version of ONNX' operators.
 */
export function appended(
  bytes: Uint8Array,
  append: (prefix: string, operatorSet: number) => Appendix,
): readonly Piece[] {
  const model = readModel(memorySource("the model", bytes));
  const { before, behind, input, output, metadata } = append(
    unusedPrefix(model, "head_"),
    model.operatorSets.get("") ?? 0,
  );
  const pieces = spliced({
    ...{ model, before, behind, input, outputs: [output] },
    kept: ({ start, end }) => bytes.subarray(start, end),
    numbersOf() {
      throw new Error("numbers of a model in memory lie elsewhere");
    },
    nodes: model.nodes,
    constants: new Set(model.initializers.map(({ name }) => name)),
  });
  return [...pieces, encodeMessage((message) => writeMetadata(message, metadata))];
}
