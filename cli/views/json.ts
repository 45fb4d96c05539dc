import { printableJson } from "../../engine/printable.ts";
import type { Event } from "../../engine/record/event.ts";
import type { View } from "./view.ts";

/** One event a line; progress at most twice a second per step. */
export function jsonView(write: (line: string) => void): View {
  const pass = progressFilter(2);
  return {
    add(event) {
      if (pass(event)) write(jsonLine(event));
    },
    close: async () => {},
  };
}

/** An object on a line of its own. */
export function jsonLine(value: object): string {
  return printableJson(`${JSON.stringify(value)}\n`);
}

/** All that a command prints, as one document. */
export function jsonDocument(value: object): string {
  return printableJson(`${JSON.stringify(value, null, 2)}\n`);
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
