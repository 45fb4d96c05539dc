import { type Activation, activated } from "./activations.ts";
import { addBias, affine, type Dense } from "./dense.ts";
import { isWide, type KernelProducts, openKernelProducts } from "./products.ts";

/** The layers of a head; softmax at the end. */
export interface Layers {
  readonly layers: readonly Dense[];
  /** Of every layer but the last. */
  readonly activations: readonly Activation[];
}

/** Layers that are ready to compute; their weights may change between two calls. */
export interface OpenLayers extends Layers {
  /** By layer: wide ones above the first. */
  readonly wide: ReadonlyMap<Dense, Pick<KernelProducts, "forward">>;
}

/** What a head makes of some rows. */
export interface Pass {
  /** What each layer but the last gives before its activation. */
  readonly sums: readonly Float32Array[];
  /** The (activated) input of each layer above the first. */
  readonly inputs: readonly Float32Array[];
  /** rows × classes, before the softmax. */
  readonly logits: Float32Array;
}

/** A head, ready to compute. */
export interface Forward {
  /** x: rows × inputs, float32. */
  run(x: Float32Array, rows: number): Promise<Pass>;
  close(): Promise<void>;
}

export async function openForward(head: Layers): Promise<Forward> {
  const [first] = head.layers;
  if (first === undefined) throw new Error("a head has at least one layer");
  const products = openKernelProducts(first);
  const wide = new Map(
    head.layers
      .slice(1)
      .filter(isWide)
      .map((layer) => [layer, openKernelProducts(layer)]),
  );
  return {
    run: async (x, rows) => passFrom(await products.forward(x, rows), { ...head, wide }, rows),
    async close() {
      for (const one of [products, ...wide.values()]) await one.close();
    },
  };
}

/**
 * The one way from rows to logits, in training and afterwards.
 *
 * @param products x · kernel of the first layer: rows × its units. Overwritten.
 * @param drop what training does to the activated output of a layer, in place.
 * @returns arrays of which those of wide layers are used again by the next call.
 */
export async function passFrom(
  products: Float32Array,
  { layers, activations, wide }: OpenLayers,
  rows: number,
  drop?: (activated: Float32Array, layer: number) => void,
): Promise<Pass> {
  const [first, ...tail] = layers as [Dense, ...Dense[]];
  const sums: Float32Array[] = [];
  const inputs: Float32Array[] = [];
  let values = addBias(products, first.bias);
  for (const [at, layer] of tail.entries()) {
    sums.push(values);
    const input = activated(values, activations[at] as Activation);
    drop?.(input, at);
    inputs.push(input);
    const native = wide.get(layer);
    values =
      native === undefined
        ? affine(layer, input, rows)
        : addBias(await native.forward(input, rows), layer.bias);
  }
  return { sums, inputs, logits: values };
}
