/** Ctrl-C, SIGTERM and a terminal that goes away: the first asks for an end, the second makes it. */
export interface Interrupts {
  readonly stop: AbortSignal;
  readonly kill: AbortSignal;
  /** Ends the run as the first signal does, without a word. */
  stopNow(): void;
  close(): void;
}

export function listenForInterrupts(tell: (text: string) => void): Interrupts {
  const stop = new AbortController();
  const kill = new AbortController();
  const onSignal = (): void => {
    if (stop.signal.aborted) {
      kill.abort();
      return;
    }
    stop.abort();
    tell("\nStopping: what is in hand is finished or dropped. Again to stop at once.\n");
  };
  const signals = ["SIGINT", "SIGTERM", "SIGHUP"] as const;
  for (const signal of signals) process.on(signal, onSignal);
  return {
    stop: stop.signal,
    kill: kill.signal,
    stopNow: () => stop.abort(),
    close() {
      for (const signal of signals) process.off(signal, onSignal);
    },
  };
}
