import { ObjectError, type Waiting } from "./object-store.ts";

/** Watches over something that takes a while: that it is not silent for too long. */
export interface Silence {
  /** Aborted when it was silent for too long, or nobody wants it any more. */
  readonly signal: AbortSignal;
  /** A byte has moved. */
  broken(): void;
}

/**
 * @param what it is that is waited for, for people: "s3.example.org".
 * @throws ObjectError where it is silent for too long, though `work` may never end.
 */
export async function withoutSilence<Result>(
  what: string,
  { signal, silenceMs }: Waiting,
  work: (silence: Silence) => Promise<Result>,
): Promise<Result> {
  signal.throwIfAborted();
  const controller = new AbortController();
  return await new Promise<Result>((resolve, reject) => {
    let isOver = false;
    const give = (error: unknown): void => {
      isOver = true;
      clearTimeout(timer);
      reject(error);
      controller.abort(error);
    };
    const timer = setTimeout(() => {
      give(new ObjectError("away", `${what} has not answered for ${Math.round(silenceMs / 1000)} s`));
    }, silenceMs);
    const stop = (): void => give(signal.reason);
    signal.addEventListener("abort", stop, { once: true });
    work({ signal: controller.signal, broken: () => void (isOver || timer.refresh()) })
      .then(resolve, reject)
      .finally(() => {
        isOver = true;
        clearTimeout(timer);
        signal.removeEventListener("abort", stop);
      });
  });
}
