import { StepError } from "../../../engine/step-type.ts";
import type { Shape, Tensor } from "../graph/graph.ts";
import { type KnownLayer, knownLayers } from "../translate/weight-shapes.ts";
import { snakeCase } from "./snake-case.ts";
import { type Layer, layersIn, type Topology, type Weights } from "./topology.ts";
import { isDense } from "./written-weights.ts";

/**
 * What the names of layers in an `.h5` file are worth. `own`: they are the
 * network's, or numbers. `any`: they may be those of another time, as in files
 * that Keras publishes and reads by nothing but order.
 */
export type Names = "own" | "any";

/** The weights of one layer in the order of the file. */
export interface WeightGroup {
  readonly name: string;
  readonly tensors: readonly Tensor[];
}

/**
 * Finds the layer of each weight as Keras does (keras/src/legacy/saving/
 * legacy_h5_format.py, load_weights_from_hdf5_group): the layers of the file that
 * have weights are those of the network, one after the other. Every weight has
 * to be there in its shape; a classifier at the end of the file may be left over.
 *
 * @returns by number in place of the role, or why they do not fit.
 */
export function matchByOrder(
  topology: Topology,
  file: readonly WeightGroup[],
  names: Names,
): Weights | string {
  const known = knownLayersOf(topology);
  if (typeof known === "string") return known;
  const layers = layersIn(topology.model).filter(({ path }) => (known.get(path)?.written ?? 0) > 0);
  const groups = file.filter(({ tensors }) => tensors.length > 0);
  const left = groups.slice(layers.length);
  if (groups.length < layers.length || !left.every(({ tensors }) => isClassifier(tensors))) {
    return `it has weights for ${groups.length} layers, and the network for ${layers.length}`;
  }
  const own = new Set(layers.map(({ name }) => name));
  for (const [at, layer] of layers.entries()) {
    const group = groups[at] as WeightGroup;
    const why = isCalled(group.name, layer, { names, own })
      ? misfit(group, layer, known.get(layer.path) as KnownLayer)
      : `${group.name} stands where the network has ${layer.name}`;
    if (why !== undefined) return why;
  }
  return new Map(
    layers.map(({ path }, at) => [path, Object.fromEntries((groups[at] as WeightGroup).tensors.entries())]),
  );
}

/** Dense layers, or convolutions of one pixel with a bias, as MobileNet's has them. */
function isClassifier(tensors: readonly Tensor[]): boolean {
  const [kernel, bias, ...others] = tensors.map(({ shape }) => shape);
  const isOnePixel = kernel?.length === 4 && kernel[0] === 1 && kernel[1] === 1 && bias?.length === 1;
  return isDense(tensors) || (isOnePixel && others.length === 0);
}

/** Shapes of weights do not depend on the size of the pictures, but of dense layers': then they do not fit. */
function knownLayersOf(topology: Topology): ReadonlyMap<string, KnownLayer> | string {
  try {
    return knownLayers(topology, [224, 224]);
  } catch (error) {
    if (error instanceof StepError) return error.message;
    throw error;
  }
}

interface Known {
  readonly names: Names;
  readonly own: ReadonlySet<string>;
}

/** Whether a name in a file can be that of a layer. */
function isCalled(name: string, layer: Layer, { names, own }: Known): boolean {
  if (name === layer.name) return true;
  const isNumbered = numberedAs(layer.className).test(name);
  if (isNumbered && numberedAs(layer.className).test(layer.name)) return true;
  // What says that it is another layer is not overheard.
  return names === "any" && (isNumbered || !own.has(name));
}

/** How Keras calls a layer that has no name: `conv2d_3`; Keras 1 called it `convolution2d_4`. */
function numberedAs(className: string): RegExp {
  const word = snakeCase(className);
  const old = className.toLowerCase().replace("conv2d", "convolution2d");
  return new RegExp(`^(${word}|${old})(_\\d+)?$`);
}

function misfit(group: WeightGroup, layer: Layer, { weights, written }: KnownLayer): string | undefined {
  const { name, tensors } = group;
  const called = name === layer.name ? name : `${name}, for the layer ${layer.name},`;
  if (tensors.length !== written) return `${called} has ${tensors.length} weights, not ${written}`;
  for (const [at, [role, shape]] of Object.entries(weights).entries()) {
    const { shape: found } = tensors[at] as Tensor;
    if (!isSame(found, shape))
      return `${called} has a ${role} of ${found.join(" × ")}, not ${shape.join(" × ")}`;
  }
  return undefined;
}

function isSame(a: Shape, b: Shape): boolean {
  return a.length === b.length && a.every((size, axis) => size === b[axis]);
}
