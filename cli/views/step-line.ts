import { printable, printableLine } from "../../engine/printable.ts";
import type { Event } from "../../engine/record/event.ts";
import type { Paint } from "./paint.ts";
import { countText, durationText, metricsText } from "./words.ts";

/** How a step ended, on one line: outcome, time, what it says about itself. */
export function endText(event: Event & { kind: "step-finished" }, paint: Paint): string {
  const text = event.outcome.padEnd(7);
  const metrics = metricsText(event.metrics);
  switch (event.outcome) {
    case "ran":
      return `${paint.green(text)} ${durationText(event.seconds).padEnd(8)} ${metrics}`.trimEnd();
    case "cached":
      return `${paint.green(text)} ${" ".repeat(8)} ${[howCached(event), metrics].filter(Boolean).join(", ")}`.trimEnd();
    case "failed":
      return `${paint.red(text)} ${printableLine(event.failure?.message.split("\n")[0] ?? "")}`;
    case "skipped":
      return `${paint.dim(text)} something it needs failed`;
    case "interrupted":
      return `${paint.yellow(text)} what was finished is kept`;
    case "not-run":
      return paint.dim(text);
    default:
      return event.outcome satisfies never;
  }
}

/** Where it comes from, or what this run did of it; nothing where it was simply there. */
function howCached({ remote, worked }: Event & { kind: "step-finished" }): string {
  if (remote !== undefined) return `from ${printableLine(remote)}`;
  return worked === undefined ? "" : `${countText(worked.items, "item")} done here`;
}

/** Everything there is to say about a failure, on several lines. */
export function failureText(
  event: Event & { kind: "step-finished" },
  log: string,
  paint: Paint,
): readonly string[] {
  const { failure, step } = event;
  if (failure === undefined) return [];
  const detail =
    failure.detail === undefined
      ? []
      : printable(failure.detail)
          .split("\n")
          .map((line) => `  | ${line}`);
  const bug = failure.kind === "bug" ? ["  This is a mistake in flow, not in your pipeline."] : [];
  const [first = "", ...more] = printable(failure.message).split("\n");
  return [
    `${paint.red(`${step} failed:`)} ${first}`,
    ...more.map((line) => `  ${line}`),
    ...detail,
    ...bug,
    paint.dim(`  log: ${log}`),
  ];
}
