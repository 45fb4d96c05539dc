import type { Builder } from "../graph/builder.ts";
import type { Operand, Shape, Tensor, Value } from "../graph/graph.ts";
import type { Settings } from "./settings.ts";

/**
 * What kind of layer a class of Keras' is: one file each, and one line in
 * `index.ts`. The shape of what it gives follows from the operators it is made of.
 */
export interface LayerKind<Understood> {
  /** Names of the class as Keras writes them. */
  readonly classes: readonly string[];
  /** Default: one value. Several: a list of values. Operands: values and constants. */
  readonly takes?: "one" | "several" | "operands";
  /** All that the layer is told, in a closed form. What is not asked for here is refused. */
  settings(settings: Settings): Understood;
  /**
   * Shapes of the weights by role, in Keras' order and order of axes; `unused`:
   * in the file, and without effect.
   */
  weights?(understood: Understood, input: Shape): Readonly<Record<string, Shape | "unused">>;
  /** Other names of the roles. */
  readonly alsoCalled?: Readonly<Record<string, string>>;
  /** @throws Refusal where the inputs do not fit. */
  build(builder: Builder, call: LayerCall<Understood>): Value;
}

export interface LayerCall<Understood> {
  readonly settings: Understood;
  /** The first value it takes: the only one, unless it takes several. */
  readonly input: Value;
  readonly operands: readonly Operand[];
  /** Those that `weights` names. */
  readonly weights: Readonly<Record<string, Tensor>>;
}

/** A kind whose settings can be anything: only the kind itself looks into them. */
// biome-ignore lint/suspicious/noExplicitAny: TypeScript has no type for "some type, always the same".
export type AnyLayerKind = LayerKind<any>;

export function defineLayer<Understood>(kind: LayerKind<Understood>): LayerKind<Understood> {
  return kind;
}
