import type { Picture, Prediction, Predictor } from "../../engine/machine.ts";
import { ProcessDied } from "./start.ts";

/** More pictures in a row that end the process, and it is not their fault. */
const MOST_DEATHS = 10;

/**
 * A predictor that outlives its process. Where that dies, the pictures it had in
 * hand are tried one by one: the one it dies of again is bad, all others are not.
 *
 * @throws ProcessDied where it dies of whatever it is given.
 */
export async function survive(start: () => Promise<Predictor>): Promise<Predictor> {
  let current = start();
  const { classes, batch, ahead } = await current;
  let isOver = false;
  let deaths = 0;
  /** One after the other: of many batches in hand each is tried again. */
  let repairing: Promise<unknown> = Promise.resolve();

  /** Has another process take the place of one that died. */
  const attempt = async (pictures: readonly Picture[]): Promise<readonly Prediction[]> => {
    const used = current;
    try {
      const predictions = await (await used).predict(pictures);
      deaths = 0;
      return predictions;
    } catch (error) {
      if (error instanceof ProcessDied && used === current && !isOver) {
        current = start();
        // Heard where it is used.
        current.catch(() => {});
      }
      throw error;
    }
  };
  const alone = async (picture: Picture): Promise<Prediction> => {
    try {
      const [prediction] = await attempt([picture]);
      return prediction as Prediction;
    } catch (error) {
      if (!(error instanceof ProcessDied) || isOver || ++deaths >= MOST_DEATHS) throw error;
      const [reason = ""] = error.message.split("\n");
      return { kind: "bad", name: picture.name, reason, isDeadly: true };
    }
  };
  const again = async (pictures: readonly Picture[]): Promise<readonly Prediction[]> => {
    const predictions: Prediction[] = [];
    for (const picture of pictures) predictions.push(await alone(picture));
    return predictions;
  };

  /** What is tried alone has the process for itself: it would be blamed for what others die of. */
  const undisturbed = async (): Promise<void> => {
    for (let seen: unknown; seen !== repairing; ) {
      seen = repairing;
      await seen;
    }
  };

  return {
    classes,
    batch,
    ahead,
    async predict(pictures) {
      await undisturbed();
      try {
        return await attempt(pictures);
      } catch (error) {
        if (!(error instanceof ProcessDied) || isOver) throw error;
        const repaired = repairing.then(() => again(pictures));
        repairing = repaired.catch(() => {});
        return await repaired;
      }
    },
    close: async () => (await current).close(),
    kill() {
      isOver = true;
      current.then(
        (predictor) => predictor.kill(),
        () => {},
      );
    },
  };
}
