import { type GraphNode, type Metadata, type ValueInfo, writeMetadata } from "./graph.ts";
import type { Piece } from "./pieces.ts";
import { encodeMessage } from "./protobuf.ts";
import { metadataKey, readModel } from "./read/model.ts";
import { memorySource, type Range } from "./read/wire.ts";
import { spliced } from "./splice.ts";
import { namesIn } from "./unused-names.ts";

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
 * @param append is given the names that values in the model have, and the version of ONNX' operators.
 */
export function appended(
  bytes: Uint8Array,
  append: (names: ReadonlySet<string>, operatorSet: number) => Appendix,
): readonly Piece[] {
  const source = memorySource("the model", bytes);
  const model = readModel(source);
  const { before, behind, input, output, metadata } = append(namesIn(model), model.operatorSets.get("") ?? 0);
  // A key stands once: a network may be a model that was itself written so.
  const others = (places: readonly Range[]): readonly Range[] =>
    places.filter((place) => !Object.hasOwn(metadata, metadataKey(source, place) ?? ""));
  const pieces = spliced({
    ...{ before, behind, input, outputs: [output] },
    model: { ...model, head: others(model.head), tail: others(model.tail) },
    kept: ({ start, end }) => bytes.subarray(start, end),
    numbersOf() {
      throw new Error("numbers of a model in memory lie elsewhere");
    },
    nodes: model.nodes,
    constants: new Set(model.initializers.map(({ name }) => name)),
  });
  return [...pieces, encodeMessage((message) => writeMetadata(message, metadata))];
}
