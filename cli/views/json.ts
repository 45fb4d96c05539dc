import type { Event } from "../../engine/record/event.ts";
import type { View } from "./view.ts";

/** One event a line; progress at most twice a second per step. */
export function jsonView(write: (line: string) => void): View {
  const pass = progressFilter(2);
  return {
    add(event) {
      if (pass(event)) write(`${JSON.stringify(event)}\n`);
    },
    close: async () => {},
  };
}

/** Says of each event whether it is to be kept, so that no step has more than `perSecond` of progress. */
export function progressFilter(perSecond: number): (event: Event) => boolean {
  const last = new Map<string, number>();
  return (event) => {
    if (event.kind !== "step-progress") return true;
    const at = Date.parse(event.at);
    const { done, total } = event.progress;
    if (done < total && at - (last.get(event.step) ?? 0) < 1000 / perSecond) return false;
    last.set(event.step, at);
    return true;
  };
}
