/**
 * How pixel values (0 to 255, RGB) are scaled before the first layer, as
 * keras.applications' preprocess_input names its modes, or (value − mean) / std.
 */
export type Scaling =
  | "caffe"
  | "tf"
  | "torch"
  | "none"
  | { readonly mean: number | readonly number[]; readonly std: number | readonly number[] };

/** How a picture becomes what a network takes. */
export interface Preprocessing {
  /** Height and width in pixels. */
  readonly size: readonly [height: number, width: number];
  readonly scaling: Scaling;
}
