import { setTimeout as sleep } from "node:timers/promises";
import { ObjectError, type ObjectStore, type Waiting } from "./objects/object-store.ts";

/** A store of objects that is asked again while it does not answer, for some time. */
export interface PatientStore {
  readonly name: string;
  read(key: string, most: number): Promise<Uint8Array | undefined>;
  has(key: string): Promise<boolean>;
  write(key: string, bytes: Uint8Array): Promise<boolean>;
  overwrite(key: string, bytes: Uint8Array): Promise<void>;
  remove(key: string): Promise<void>;
}

export interface Patience {
  /** How long it may go on without success. Then it is not asked again: all of it together costs no more. */
  readonly patienceMs: number;
  readonly silenceMs: number;
  readonly signal: AbortSignal;
}

/** Of a run: what is down costs it no more than ten seconds. What was sent last may still be on its way for some of them. */
export const OF_A_RUN = { patienceMs: 9_000, silenceMs: 9_000 } as const;
/** Of a command that does nothing else. */
export const OF_A_TRANSFER = { patienceMs: 60_000, silenceMs: 20_000 } as const;

const PAUSES_MS = [200, 500, 1_000, 2_000, 4_000, 8_000, 8_000];

export function patientStore(store: ObjectStore, { patienceMs, silenceMs, signal }: Patience): PatientStore {
  /** Why it is not asked any more. */
  let down: ObjectError | undefined;
  let lastSuccess = Number.NEGATIVE_INFINITY;
  const insist = async <Result>(ask: (waiting: Waiting) => Promise<Result>): Promise<Result> => {
    const began = performance.now();
    for (let tries = 0; ; tries++) {
      if (down !== undefined) throw down;
      const left = patienceMs - (performance.now() - Math.max(began, lastSuccess));
      try {
        const result = await ask({ signal, silenceMs: Math.max(500, Math.min(silenceMs, left)) });
        lastSuccess = performance.now();
        return result;
      } catch (error) {
        if (!(error instanceof ObjectError) || error.kind !== "away") throw error;
        const pause = PAUSES_MS[Math.min(tries, PAUSES_MS.length - 1)] as number;
        const waited = performance.now() - Math.max(began, lastSuccess);
        if (waited + pause >= patienceMs) {
          down ??= error;
          throw error;
        }
        await sleep(pause, undefined, { signal });
      }
    }
  };
  return {
    name: store.name,
    read: (key, most) => insist((waiting) => store.read(key, most, waiting)),
    has: (key) => insist((waiting) => store.has(key, waiting)),
    write: (key, bytes) => insist((waiting) => store.write(key, bytes, waiting)),
    overwrite: (key, bytes) => insist((waiting) => store.overwrite(key, bytes, waiting)),
    remove: (key) => insist((waiting) => store.remove(key, waiting)),
  };
}
