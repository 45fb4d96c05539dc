import type { Event } from "../../engine/record/event.ts";

/** Shows a run while it happens: a fold over its events. */
export interface View {
  add(event: Event): void;
  /** After the last event: everything is on the screen when it resolves. */
  close(): Promise<void>;
}
