import { affine, type Dense, relu, softmax } from "./dense.ts";
import { openFirstLayer } from "./first-layer.ts";
import { type ModelDescription, readModel } from "./model.ts";

/** A trained head, ready to classify feature rows. */
export interface Head {
  readonly description: ModelDescription;
  /** Class names by label. */
  readonly classes: readonly string[];
  /** count × inputLength float32 → count × classes probabilities. */
  predict(rows: Float32Array, count: number): Promise<Float32Array>;
  close(): Promise<void>;
}

/** @throws StepError where the folder is no model. */
export async function openHead(folder: string): Promise<Head> {
  const { description, layers } = await readModel(folder);
  const [first, ...tail] = layers;
  if (first === undefined) throw new Error(`${folder} has no layers`);
  const forward = await openFirstLayer(first.inputs, first.units);
  return {
    description,
    classes: description.classes,
    async predict(rows, count) {
      const y = await forward.affine(first, rows, count);
      return softmax(tailForward(tail, y, count).logits, count, description.classes.length);
    },
    close: () => forward.close(),
  };
}

/**
 * The layers above the first: `firstOutput` is rows × units before its
 * activation. `inputs` are the (activated) inputs of each layer of the tail.
 */
export function tailForward(
  tail: readonly Dense[],
  firstOutput: Float32Array,
  rows: number,
): { readonly inputs: readonly Float32Array[]; readonly logits: Float32Array } {
  const inputs: Float32Array[] = [];
  let values = firstOutput;
  for (const layer of tail) {
    const x = relu(values);
    inputs.push(x);
    values = affine(layer, x, rows);
  }
  return { inputs, logits: values };
}
