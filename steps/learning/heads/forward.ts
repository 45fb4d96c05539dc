import { addBias, affine, type Dense, relu } from "./dense.ts";
import { openFirstLayer } from "./first-layer.ts";

/** What a head makes of some rows. */
export interface Pass {
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

export async function openForward(layers: readonly Dense[]): Promise<Forward> {
  const [first] = layers;
  if (first === undefined) throw new Error("a head has at least one layer");
  const firstLayer = await openFirstLayer(first.inputs, first.units);
  return {
    run: async (x, rows) => passFrom(await firstLayer.products(first.kernel, x, rows), layers, rows),
    close: () => firstLayer.close(),
  };
}

/**
 * The one way from rows to logits, in training and afterwards. ReLU between layers.
 *
 * @param products x · kernel of the first layer: rows × its units. Overwritten.
 */
export function passFrom(products: Float32Array, layers: readonly Dense[], rows: number): Pass {
  const [first, ...tail] = layers as [Dense, ...Dense[]];
  const inputs: Float32Array[] = [];
  let values = addBias(products, first.bias);
  for (const layer of tail) {
    const activated = relu(values);
    inputs.push(activated);
    values = affine(layer, activated, rows);
  }
  return { inputs, logits: values };
}
