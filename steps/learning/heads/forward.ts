import { type Activation, activated } from "./activations.ts";
import { addBias, affine, type Dense } from "./dense.ts";
import { openFirstLayer } from "./first-layer.ts";

/** The layers of a head; softmax at the end. */
export interface Layers {
  readonly layers: readonly Dense[];
  /** Of every layer but the last. */
  readonly activations: readonly Activation[];
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

/** The layers of a head, ready to compute; they may change between two calls. */
export interface Forward {
  /** x: rows × inputs, float32. */
  run(x: Float32Array, rows: number): Promise<Pass>;
  close(): Promise<void>;
}

export async function openForward(head: Layers): Promise<Forward> {
  const [first] = head.layers;
  if (first === undefined) throw new Error("a head has at least one layer");
  const firstLayer = await openFirstLayer(first.inputs, first.units);
  return {
    run: async (x, rows) => passFrom(await firstLayer.products(first.kernel, x, rows), head, rows),
    close: () => firstLayer.close(),
  };
}

/**
 * The one way from rows to logits, in training and afterwards.
 *
 * @param products x · kernel of the first layer: rows × its units. Overwritten.
 * @param drop what training does to the activated output of a layer, in place.
 */
export function passFrom(
  products: Float32Array,
  { layers, activations }: Layers,
  rows: number,
  drop?: (activated: Float32Array, layer: number) => void,
): Pass {
  const [first, ...tail] = layers as [Dense, ...Dense[]];
  const sums: Float32Array[] = [];
  const inputs: Float32Array[] = [];
  let values = addBias(products, first.bias);
  for (const [at, layer] of tail.entries()) {
    sums.push(values);
    const input = activated(values, activations[at] as Activation);
    drop?.(input, at);
    inputs.push(input);
    values = affine(layer, input, rows);
  }
  return { sums, inputs, logits: values };
}
