import { StepError } from "../../../engine/step-type.ts";
import type { Builder } from "../graph/builder.ts";
import { isValue, type Operand, type Shape, type Tensor, type Value } from "../graph/graph.ts";
import { Refusal } from "../graph/shapes.ts";
import type { Layer } from "../networks/topology.ts";
import type { UnderstoodCall } from "./understand.ts";

/** Where the weights of a layer come from: by role, of these shapes. */
export type TakeWeights = (
  layer: Layer,
  shapes: Readonly<Record<string, Shape | "unused">>,
  alsoCalled: Readonly<Record<string, string>>,
) => Readonly<Record<string, Tensor>>;

/**
 * Appends the operators of one use of a layer.
 *
 * @param values what was given before, by id.
 * @throws StepError where the inputs do not fit the layer.
 */
export function appendCall(
  builder: Builder,
  { call, kind, settings, operands }: UnderstoodCall,
  values: ReadonlyMap<string, Value>,
  take: TakeWeights,
): Value {
  const given = operands.map((operand): Operand => {
    return operand.kind === "value" ? (values.get(operand.id) as Value) : operand.tensor;
  });
  const input = given.find(isValue) as Value;
  try {
    const shapes = kind.weights?.(settings, input.shape) ?? {};
    const weights = take(call.layer, shapes, kind.alsoCalled ?? {});
    return kind.build(builder, { settings, input, operands: given, weights });
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    throw new StepError(`layer ${call.layer.path} (${call.layer.className}): ${error.message}`);
  }
}
