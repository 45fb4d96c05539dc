import type { Event } from "../../engine/record/event.ts";

/** Shows a run while it happens: a fold over its events, and over time. */
export interface View {
  add(event: Event): void;
  /** Time has passed: milliseconds since the epoch, as in the events. */
  tick?(now: number): void;
  /** After the last event: everything is on the screen when it resolves. */
  close(): Promise<void>;
}
