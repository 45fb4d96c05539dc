import { terminalGone } from "../engine/execute/tasks.ts";

/**
 * Ctrl-C, SIGTERM and a terminal that goes away: the first asks for an end, the
 * second makes it. A terminal goes away once, though both system and shell tell.
 */
export interface Interrupts {
  readonly stop: AbortSignal;
  readonly kill: AbortSignal;
  /** Ends the run as the first signal does, without a word. */
  stopNow(): void;
  close(): void;
}

/**
 * What nohup and its like made deaf to a terminal that goes away stays deaf.
 * Node forgets it when it starts, so `./flow` tells by a variable.
 */
export function keepDeaf(env: NodeJS.ProcessEnv): void {
  if (isDeaf(env)) process.on("SIGHUP", () => {});
}

function isDeaf(env: NodeJS.ProcessEnv): boolean {
  return env.FLOW_NOHUP !== undefined;
}

export function listenForInterrupts(env: NodeJS.ProcessEnv, tell: (text: string) => void): Interrupts {
  const stop = new AbortController();
  const kill = new AbortController();
  const onSignal = (signal: NodeJS.Signals): void => {
    if (stop.signal.aborted) {
      if (signal !== "SIGHUP") kill.abort();
      return;
    }
    stop.abort(signal === "SIGHUP" ? terminalGone : undefined);
    tell("\nStopping: what is in hand is finished or dropped. Again to stop at once.\n");
  };
  const signals: readonly NodeJS.Signals[] = [
    "SIGINT",
    "SIGTERM",
    ...(isDeaf(env) ? [] : ["SIGHUP" as const]),
  ];
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
