import type { Paint } from "./paint.ts";
import { endText } from "./step-line.ts";
import type { View } from "./view.ts";
import { firstReasonText } from "./words.ts";

export interface LinesOptions {
  readonly paint: Paint;
  readonly verbose: boolean;
  write(text: string): void;
}

/** For output that is no terminal: one line per step, when it ends; with `verbose` also its start and its log. */
export function linesView({ paint, verbose, write }: LinesOptions): View {
  let width = 0;
  const line = (step: string, text: string): void => write(`${step.padEnd(width)}  ${text}\n`);
  return {
    add(event) {
      switch (event.kind) {
        case "run-started":
          width = Math.max(...event.steps.map(({ id }) => id.length));
          return;
        case "step-waiting":
          return line(event.step, `waiting for ${event.owner}, which computes the same`);
        case "step-started":
          if (verbose) line(event.step, `${paint.blue("started")} ${firstReasonText(event.reasons)}`);
          return;
        case "step-log":
          if (verbose) line(event.step, paint.dim(event.line));
          return;
        case "step-finished":
          return line(event.step, endText(event, paint));
        case "step-progress":
        case "run-finished":
          return;
        default:
          event satisfies never;
      }
    },
    close: async () => {},
  };
}
