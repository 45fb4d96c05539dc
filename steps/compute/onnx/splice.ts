import { type GraphNode, type ValueInfo, writeNode, writeValue } from "./graph.ts";
import { type FilePiece, messageOf, type Piece } from "./pieces.ts";
import { encodeMessage } from "./protobuf.ts";
import type { Model } from "./read/model.ts";
import type { ModelNode } from "./read/node.ts";
import type { ExternalData, ModelTensor } from "./read/tensor.ts";
import type { Range } from "./read/wire.ts";

export interface Splice {
  readonly model: Model;
  /** What stands at a place of it. */
  kept(place: Range): Piece;
  /** Where the numbers of a tensor are that are not in the model file. */
  numbersOf(external: ExternalData): FilePiece;
  /** Which of its nodes are kept. */
  readonly nodes: readonly ModelNode[];
  /** Which of its initializers and inputs are kept, by name. */
  readonly constants: ReadonlySet<string>;
  /** Nodes that come before and behind those. */
  readonly before: readonly GraphNode[];
  readonly behind: readonly GraphNode[];
  /** The inputs and outputs that it has from now on. */
  readonly input: ValueInfo;
  readonly outputs: readonly ValueInfo[];
}

/**
 * A model with other ends: what is kept is taken as it stands there,
 * in its own version of the operator set. Numbers that are in other files
 * are put into it.
 */
export function spliced(splice: Splice): readonly Piece[] {
  const { model, nodes, constants, before, behind } = splice;
  const kept = (places: readonly Range[]): readonly Piece[] => places.map((place) => splice.kept(place));
  const written = (more: readonly GraphNode[]): Uint8Array =>
    encodeMessage((graph) => {
      for (const node of more) writeNode(graph, node);
    });
  const given = new Set(nodes.flatMap(({ outputs }) => outputs));
  const places = (values: readonly { name: string; place: Range }[], names: ReadonlySet<string>): Range[] =>
    values.filter(({ name }) => names.has(name)).map(({ place }) => place);
  const graph = [
    written(before),
    ...kept(nodes.map(({ place }) => place)),
    written(behind),
    ...model.initializers
      .filter(({ name }) => constants.has(name))
      .flatMap((tensor) => initializer(splice, tensor)),
    encodeMessage((message) => {
      writeValue(message, 11, splice.input);
      for (const output of splice.outputs) writeValue(message, 12, output);
    }),
    ...kept(places(model.inputs, constants)),
    ...kept(places(model.values, given)),
    ...kept(model.otherGraphFields),
  ];
  return [...kept(model.head), ...messageOf(7, graph), ...kept(model.tail)];
}

const RAW_DATA = 9;

function initializer({ kept, numbersOf }: Splice, { place, external }: ModelTensor): readonly Piece[] {
  if (external === undefined) return [kept(place)];
  const fields = external.fields.map(kept);
  return messageOf(5, [...fields, ...messageOf(RAW_DATA, [numbersOf(external)])]);
}
