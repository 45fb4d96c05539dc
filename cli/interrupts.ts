/** Ctrl-C and SIGTERM: the first asks for an end, the second makes it. */
export interface Interrupts {
  readonly stop: AbortSignal;
  readonly kill: AbortSignal;
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
  process.on("SIGINT", onSignal);
  process.on("SIGTERM", onSignal);
  return {
    stop: stop.signal,
    kill: kill.signal,
    close() {
      process.off("SIGINT", onSignal);
      process.off("SIGTERM", onSignal);
    },
  };
}
