import { printableLine } from "../../engine/printable.ts";
import type { Progress } from "../../engine/step-type.ts";
import { followLog, type LogFollower } from "../follow-log.ts";
import type { Paint } from "./paint.ts";
import { endText } from "./step-line.ts";
import type { View } from "./view.ts";
import { amountText, columnWidth, firstReasonText, idText, outlookText, paceText } from "./words.ts";

export interface LinesOptions {
  readonly paint: Paint;
  /** Where the log of a step lies, if its lines are to be shown, and the step's start. */
  readonly verbose?: (step: string) => string;
  write(text: string): void;
}

/** A step that has run this long is named, so that nobody waits before nothing. */
const NAMED_AFTER_MS = 1_000;
/** CI systems end jobs that are silent for long. */
const AGAIN_AFTER_MS = 30_000;

interface Underway {
  /** Who computes the same, where the step waits for that. */
  readonly owner?: string;
  readonly started: number;
  /** When it was last heard of; absent before it was named. */
  told?: number;
  progress?: Progress;
  readonly log?: LogFollower;
}

/** For output that is no terminal: one line per step when it ends, and now and then while it runs. */
export function linesView({ paint, verbose, write }: LinesOptions): View {
  let width = 0;
  const underway = new Map<string, Underway>();
  const line = (step: string, text: string): void => write(`${idText(step, width)}  ${text}\n`);
  const start = (step: string, at: string, isTold: boolean): void => {
    const log = verbose && followLog(verbose(step), (text) => line(step, paint.dim(printableLine(text))));
    const started = Date.parse(at);
    underway.set(step, { started, ...(isTold ? { told: started } : {}), ...(log ? { log } : {}) });
  };
  const runningText = (text: string): string => `${paint.blue("running")} ${text}`.trimEnd();
  return {
    add(event) {
      switch (event.kind) {
        case "run-started":
          width = columnWidth(event.steps.map(({ id }) => id));
          return;
        case "step-waiting": {
          const started = Date.parse(event.at);
          underway.set(event.step, { owner: event.owner, started, told: started });
          return line(event.step, waitingText(event.owner));
        }
        case "step-started":
          start(event.step, event.at, event.outlook !== undefined);
          if (verbose) line(event.step, `${paint.blue("started")} ${firstReasonText(event.reasons)}`);
          if (event.outlook) line(event.step, runningText(outlookText(event.outlook)));
          return;
        case "step-progress": {
          const step = underway.get(event.step);
          if (step) step.progress = event.progress;
          return;
        }
        case "step-finished":
          underway.get(event.step)?.log?.end();
          underway.delete(event.step);
          return line(event.step, endText(event, paint));
        case "run-finished":
          return;
        default:
          event satisfies never;
      }
    },
    tick(now) {
      for (const [id, step] of underway) {
        step.log?.look();
        const due = step.told === undefined ? step.started + NAMED_AFTER_MS : step.told + AGAIN_AFTER_MS;
        if (now < due) continue;
        step.told = now;
        const seconds = (now - step.started) / 1000;
        const text = runningText(progressText(step.progress, seconds));
        line(id, step.owner === undefined ? text : waitingText(step.owner));
      }
    },
    close: async () => {},
  };
}

function waitingText(owner: string): string {
  return `waiting for ${printableLine(owner)}, which computes the same`;
}

function progressText(progress: Progress | undefined, seconds: number): string {
  if (progress === undefined) return "";
  const detail = progress.detail === undefined ? "" : `; ${printableLine(progress.detail)}`;
  return `${amountText(progress)}  ${paceText(progress, seconds)}`.trimEnd() + detail;
}
