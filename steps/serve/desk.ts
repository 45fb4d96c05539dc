import type { Prediction, Predictor } from "../../engine/machine.ts";
import { ProcessDied } from "../predict/start.ts";
import type { SentPicture } from "./pictures.ts";

/** Takes pictures of all clients and has them predicted, in the order in which they came. */
export interface Desk {
  /**
   * In the order of the pictures. When the signal comes, it rejects, and what was
   * not begun is dropped.
   */
  ask(pictures: readonly SentPicture[], signal: AbortSignal): Promise<readonly Prediction[]>;
  /** Pictures that are waited for. */
  waiting(): number;
  /** Whether the last picture failed with none to blame. */
  isFailing(): boolean;
}

export interface DeskOptions {
  readonly predictor: Predictor;
  /** Says what went wrong with no picture to blame. */
  warn(text: string): void;
}

interface Asked {
  readonly picture: SentPicture;
  readonly signal: AbortSignal;
  resolve(prediction: Prediction): void;
}

/** Held a second time by the process that computes. */
const MOST_BYTES = 64 << 20;

/**
 * Each picture goes on by itself: the process that computes joins those that wait
 * to a batch. As many are there as keep it busy; the others wait here, where they
 * can still be dropped.
 */
export function openDesk({ predictor, warn }: DeskOptions): Desk {
  const most = predictor.batch * (predictor.ahead + 1);
  let queue: Asked[] = [];
  const inHand = { pictures: 0, bytes: 0 };
  let isFailing = false;

  const hasRoom = (): boolean => inHand.pictures < most && inHand.bytes < MOST_BYTES;
  const pump = (): void => {
    while (queue.length > 0 && (inHand.pictures === 0 || hasRoom())) void compute(queue.shift() as Asked);
  };
  const compute = async ({ picture, resolve }: Asked): Promise<void> => {
    inHand.pictures++;
    inHand.bytes += picture.bytes.length;
    try {
      const [prediction] = await predictor.predict([picture]);
      isFailing = false;
      resolve(prediction as Prediction);
    } catch (error) {
      isFailing = true;
      warn((error as Error).message);
      resolve({ kind: "bad", name: picture.name, reason: reasonOf(error), isDeadly: true });
    }
    inHand.pictures--;
    inHand.bytes -= picture.bytes.length;
    pump();
  };

  return {
    waiting: () => queue.length + inHand.pictures,
    isFailing: () => isFailing,
    ask: (pictures, signal) =>
      new Promise((resolve, reject) => {
        const drop = (): void => {
          queue = queue.filter((one) => one.signal !== signal);
          reject(signal.reason);
        };
        if (signal.aborted) return drop();
        signal.addEventListener("abort", drop, { once: true });
        const all = pictures.map(
          (picture) => new Promise<Prediction>((take) => queue.push({ picture, signal, resolve: take })),
        );
        // Not `resolve(Promise.all(all))`: a promise that follows another cannot be rejected any more.
        void Promise.all(all).then(resolve);
        pump();
      }),
  };
}

/** Clients are not told of the files of this machine. */
function reasonOf(error: unknown): string {
  const [first = ""] = (error as Error).message.split("\n");
  return error instanceof ProcessDied ? first : "the server could not compute it";
}
