import type { Tensor, TensorflowSession, Tf } from "../../compute/tensorflow/session.ts";
import { type Tensor as Constant, lengthOf, type Shape, type Value } from "../graph/graph.ts";

/** Where operators are made ready: what they keep is made once, and freed together. */
export interface Place {
  readonly tf: Tf;
  readonly operation: TensorflowSession["operation"];
  /** Values that stay on the device; of the given shape, without a batch. */
  constant(shape: Shape, data: Float32Array): Tensor;
  indices(values: readonly number[]): Tensor;
}

/** An operator made ready: from the values that it takes to the one it gives, each with the batch first. */
export type Compute = (take: (value: Value) => Tensor) => Tensor;

export interface OpenPlace extends Place {
  free(): void;
}

export function newPlace({ tf, operation }: TensorflowSession): OpenPlace {
  const kept: Tensor[] = [];
  const keep = (tensor: Tensor): Tensor => {
    kept.push(tensor);
    return tensor;
  };
  return {
    tf,
    operation,
    constant(shape, data) {
      if (lengthOf(shape) !== data.length) throw new Error("a constant has as many values as its shape says");
      return keep(tf.tensor(data, [...shape], "float32"));
    },
    indices: (values) => keep(tf.tensor1d([...values], "int32")),
    free() {
      for (const tensor of kept.splice(0)) tensor.dispose();
    },
  };
}

/** A constant operand: its batch is one, which is repeated. */
export function operandOf(place: Place, { shape, data }: Constant): Tensor {
  return place.constant([1, ...shape], data);
}
