import { expect } from "vitest";
import { randomStream } from "../../steps/compute/random.ts";
import { digestsOf, newWorkplace } from "../cli/flow.ts";
import { killOnce } from "./kill-once.ts";

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

/**
 * Kills training at random moments, its worker and the engine in turn, while
 * products of rows are taken and while epochs go by; then lets it come through:
 * the bytes are those of a run that nobody disturbed.
 */
export async function killTraining({ images, kills, seed }: Kills): Promise<void> {
  const [undisturbed, place] = [newWorkplace(), newWorkplace()];
  try {
    for (const one of [undisturbed, place]) {
      one.write("p.yaml", pipeline(images));
      expect(await one.flow(["run", "p.yaml", "--until", "features"])).toMatchObject({ code: 0 });
    }
    expect(await undisturbed.flow(["run", "p.yaml"])).toMatchObject({ code: 0 });
    expect(undisturbed.record().steps.head?.metrics).toMatchObject({ method: "sampleSpace", reused: 0 });
    const random = randomStream(seed, "kills");
    for (let kill = 0; kill < kills; kill++) {
      // Enough for a part of the products, or for a few epochs.
      await killOnce(place, { whom: kill % 2 === 0 ? "worker" : "engine", after: 1_500 * random.uniform() });
    }
    expect(await place.flow(["run", "p.yaml"])).toMatchObject({ code: 0 });
    expect(digestsOf(place.record())).toEqual(digestsOf(undisturbed.record()));
  } finally {
    undisturbed.remove();
    place.remove();
  }
}

export interface Kills {
  /** That are trained on. */
  readonly images: number;
  readonly kills: number;
  readonly seed: number;
}
