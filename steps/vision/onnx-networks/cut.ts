import { suggest } from "../../../engine/document/suggest.ts";
import { StepError } from "../../../engine/step-type.ts";
import type { ModelNode } from "../../compute/onnx/read/node.ts";
import type { ModelValue } from "../../compute/onnx/read/value.ts";
import type { OnnxNetwork } from "../networks/onnx-network.ts";

/** What is computed of a network, and nothing else: no more is asked of the runtime. */
export interface Part {
  /** In the order of the file. */
  readonly nodes: readonly ModelNode[];
  /** Names of the initializers that are needed. */
  readonly constants: ReadonlySet<string>;
}

/** A network up to a tensor. */
export interface Cut extends Part {
  readonly tensor: string;
  /** What the file says of the tensor. */
  readonly declared: ModelValue | undefined;
}

/** @throws StepError where there is no such tensor, or it does not come from the picture alone. */
export function cutAt({ model, picture }: OnnxNetwork, tensor: string): Cut {
  const makers = new Map(model.nodes.flatMap((node) => node.outputs.map((name) => [name, node] as const)));
  const initializers = new Set([...model.initializers.map(({ name }) => name), ...model.sparse]);
  if (!makers.has(tensor) && tensor !== picture.name) refuse(tensor, makers, initializers);
  const needed = new Set([tensor]);
  const nodes = new Set<ModelNode>();
  // A set gives what is put into it on the way as well.
  for (const name of needed) {
    const node = makers.get(name);
    if (node === undefined || nodes.has(node)) continue;
    nodes.add(node);
    for (const input of node.inputs) needed.add(input);
    for (const input of node.inner) needed.add(input);
  }
  if (!needed.has(picture.name)) {
    throw new StepError(`the tensor ${tensor} is the same for every picture: it does not depend on one`);
  }
  const others = model.inputs.filter(({ name }) => name !== picture.name && !initializers.has(name));
  const [other] = others.filter(({ name }) => needed.has(name));
  if (other !== undefined) {
    throw new StepError(
      `the tensor ${tensor} depends on the input ${other.name} too, and a picture is all there is; name one that depends on ${picture.name} alone`,
    );
  }
  return {
    tensor,
    nodes: model.nodes.filter((node) => nodes.has(node)),
    constants: new Set([...initializers].filter((name) => needed.has(name))),
    declared: [...model.outputs, ...model.values].find(({ name }) => name === tensor),
  };
}

/** What is needed for all of some tensors. */
export function together({ model }: OnnxNetwork, parts: readonly Part[]): Part {
  const nodes = new Set(parts.flatMap((part) => part.nodes));
  return {
    nodes: model.nodes.filter((node) => nodes.has(node)),
    constants: new Set(parts.flatMap(({ constants }) => [...constants])),
  };
}

function refuse(tensor: string, makers: ReadonlyMap<string, unknown>, constants: ReadonlySet<string>): never {
  if (constants.has(tensor)) throw new StepError(`the tensor ${tensor} is a constant of the network`);
  // The last are the likelier ones.
  const names = [...makers.keys()].reverse();
  throw new StepError(`the network has no tensor "${tensor}"; ${suggest(tensor, names, "its last are")}`);
}
