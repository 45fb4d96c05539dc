import { expect } from "vitest";
import { begunAgain, piecesBegun } from "../train/pieces-begun.ts";
import { wideRows } from "../train/wide-rows.ts";
import { type Kills, killRuns } from "./kill-runs.ts";

/** So many images and epochs that the last kill finds work undone. */
export interface KilledTraining extends Kills {
  readonly epochs: number;
}

const pipeline = ({ images, epochs }: Pick<KilledTraining, "images" | "epochs">): string => {
  const choices = `epochs: ${epochs}, shuffle: epoch, optimizer: { kind: sgd, learningRate: 1e-5, nesterov: true }`;
  return wideRows({ name: "kills", images, choices });
};

/**
 * Kills training while products of rows are taken and while epochs go by: the bytes
 * are those of a run that nobody disturbed, and no product is computed twice but
 * those that were in hand.
 *
 * @returns how many of the runs computed products.
 */
export async function killTraining({ images, epochs, ...kills }: KilledTraining): Promise<number> {
  let computing = 0;
  // Enough for a part of the products, or for a few epochs.
  const killed = { ...kills, pipeline: pipeline({ images, epochs }), until: "features", within: 1_100 };
  await killRuns(killed, async (place, undisturbed) => {
    const { metrics } = undisturbed.record().steps.head ?? {};
    expect(metrics).toMatchObject({ method: "sampleSpace", reused: 0, productsReused: 0 });
    const total = Number(metrics?.products);
    const { outcome, metrics: after } = place.record().steps.head ?? {};
    expect(outcome).toBe("ran");
    expect(Number(after?.products) + Number(after?.productsReused)).toBe(total);

    const runs = piecesBegun(place);
    const begun = runs.flat().map(({ products }) => products);
    const inHand = Math.max(...begun);
    expect(begun.reduce((sum, count) => sum + count, 0)).toBeLessThanOrEqual(total + kills.kills * inHand);
    expect(begunAgain(runs)).toBeLessThanOrEqual(kills.kills);
    computing = runs.filter((pieces) => pieces.length > 0).length;
  });
  return computing;
}
