import { expect } from "vitest";
import { type Kills, killRuns } from "./kill-runs.ts";

/** Rows are wide, so that there is time to be killed while they are multiplied. */
const pipeline = (images: number): string => `
name: kills
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
    with: { hidden: [64, 8], epochs: 12, shuffle: epoch, optimizer: { kind: sgd, learningRate: 1e-5, nesterov: true } }
`;

/** Kills training while products of rows are taken and while epochs go by. */
export async function killTraining({ images, ...kills }: Kills): Promise<void> {
  // Enough for a part of the products, or for a few epochs.
  const killed = { ...kills, pipeline: pipeline(images), until: "features", within: 1_500 };
  await killRuns(killed, async (_, undisturbed) => {
    expect(undisturbed.record().steps.head?.metrics).toMatchObject({ method: "sampleSpace", reused: 0 });
  });
}
