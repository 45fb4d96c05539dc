import type { Checkpoints } from "./checkpoints.ts";
import type { EpochRecord } from "./history.ts";
import type { Method } from "./method.ts";

/** Keeps checkpoints while training goes on. */
export interface Keeper {
  /**
   * After an epoch.
   *
   * @param isNeeded whether it has to be kept, whatever it costs.
   */
  after(history: readonly EpochRecord[], isNeeded: boolean): Promise<void>;
  /** After the last one, when all that was kept is on disk. */
  end(): Promise<void>;
}

/** Of a training that goes on from a checkpoint, how many back may be lost. */
const NEWEST = 2;

/** Which checkpoints a method keeps, by what they cost. */
export function openKeeper(method: Method, checkpoints: Checkpoints): Keeper {
  return method.copy === undefined
    ? keepingNowAndThen(method, checkpoints)
    : keepingBeside(method.copy, checkpoints);
}

/** A fifth of the time at most: after each, four times its own cost passes before the next. */
function keepingNowAndThen(method: Method, checkpoints: Checkpoints): Keeper {
  let cost = 0;
  let last = performance.now();
  return {
    async after(history, isNeeded) {
      if (!isNeeded && performance.now() - last < 4 * cost) return;
      const started = performance.now();
      await checkpoints.keep(method, history);
      await checkpoints.thin(history, NEWEST);
      last = performance.now();
      cost = last - started;
    },
    async end() {},
  };
}

/**
 * Every epoch, until the last is there: a copy is written while training goes on. Epochs that
 * end sooner than that are passed over.
 */
function keepingBeside(copy: () => Promise<Pick<Method, "keep">>, checkpoints: Checkpoints): Keeper {
  let writing: Promise<void> | undefined;
  let failure: { readonly error: unknown } | undefined;
  let newest: readonly EpochRecord[] = [];
  const refuse = (): void => {
    if (failure) throw failure.error;
  };
  return {
    async after(history, isNeeded) {
      refuse();
      if (writing !== undefined && !isNeeded) return;
      await writing;
      refuse();
      newest = [...history];
      const stands = await copy();
      writing = checkpoints
        .keep(stands, newest)
        .catch((error: unknown) => {
          failure = { error };
        })
        .finally(() => {
          writing = undefined;
        });
    },
    async end() {
      await writing;
      refuse();
      await checkpoints.thin(newest, 1);
    },
  };
}
