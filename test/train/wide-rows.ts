export interface WideRows {
  readonly name: string;
  /** That are trained on. */
  readonly images: number;
  /** Of the step `head`. */
  readonly choices: string;
}

/** A pipeline of which the rows are wide, so that their products take a while. */
export const wideRows = ({ name, images, choices }: WideRows): string => `
name: ${name}
steps:
  pictures: { uses: generate, with: { splits: { training: ${images}, validation: 60, evaluation: 20 }, size: 64 } }
  splits: { uses: organize, inputs: { source: pictures.images } }
  features:
    uses: extract
    inputs: { images: splits.images }
    with: { network: resnet50, weights: seeded, layer: conv1_relu, input: { size: [64, 64] } }
  head:
    uses: train
    inputs: { features: features.features }
    with: { hidden: [64, 8], ${choices} }
`;
