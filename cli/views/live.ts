import { Listr } from "listr2";
import { printableLine } from "../../engine/printable.ts";
import type { Event } from "../../engine/record/event.ts";
import type { Progress } from "../../engine/step-type.ts";
import type { Paint } from "./paint.ts";
import { endText } from "./step-line.ts";
import type { View } from "./view.ts";
import { amountText, columnWidth, firstReasonText, idText, outlookText, paceText } from "./words.ts";

/** For a terminal: a line per step that changes in place, with a bar, the rate and the time left. */
export function liveView(paint: Paint, columns: () => number, draw = drawRows): View {
  const rows = new Map<string, Row>();
  let shown: Promise<unknown> = Promise.resolve();
  let width = 0;
  const room = (): number => columns() - width - 4;
  const title = (row: Row, text: string): void =>
    row.show(`${idText(row.step, width)}  ${clip(text, room())}`);

  return {
    add(event) {
      if (event.kind === "run-started") {
        width = Math.min(columnWidth(event.steps.map(({ id }) => id)), Math.floor(columns() / 3));
        for (const { id } of event.steps) rows.set(id, newRow(id, width));
        shown = draw([...rows.values()]);
        return;
      }
      if (event.kind === "run-finished") return;
      const row = rows.get(event.step);
      if (row === undefined) return;
      switch (event.kind) {
        case "step-waiting":
          return title(row, `waiting for ${printableLine(event.owner)}, which computes the same`);
        case "step-started":
          row.started = Date.parse(event.at);
          return title(
            row,
            paint.dim(event.outlook ? outlookText(event.outlook) : firstReasonText(event.reasons)),
          );
        case "step-progress": {
          const seconds = (Date.parse(event.at) - row.started) / 1000;
          if (event.progress.detail) row.tell(clip(printableLine(event.progress.detail), columns() - 4));
          return title(row, barText(event.progress, seconds, room() - 1, paint));
        }
        case "step-finished":
          title(row, endText(event, paint));
          return row.end(event.outcome);
        default:
          event satisfies never;
      }
    },
    async close() {
      for (const row of rows.values()) row.end("not-run");
      await shown;
    },
  };
}

type Outcome = (Event & { kind: "step-finished" })["outcome"];

/** One line of the list: what listr2 calls a task, told from outside how it stands. */
export interface Row {
  readonly step: string;
  started: number;
  first: string;
  show(title: string): void;
  /** A line below it, while it is not at its end. */
  tell(line: string): void;
  end(outcome: Outcome): void;
  /** Set by listr2 when it begins to draw the row. */
  draw?: { title: string | undefined; output: string; skip(message?: string): void };
  readonly ended: Promise<Outcome>;
}

function newRow(step: string, width: number): Row {
  let end: (outcome: Outcome) => void = () => {};
  const ended = new Promise<Outcome>((resolve) => {
    end = resolve;
  });
  const row: Row = {
    step,
    started: 0,
    first: `${idText(step, width)}  waiting`,
    show(title) {
      if (row.draw) row.draw.title = title;
      else row.first = title;
    },
    tell(line) {
      if (row.draw) row.draw.output = line;
    },
    end: (outcome) => end(outcome),
    ended,
  };
  return row;
}

function drawRows(rows: readonly Row[]): Promise<unknown> {
  const list = new Listr(
    rows.map((row) => ({
      title: row.first,
      task: async (_: unknown, task: NonNullable<Row["draw"]>) => {
        row.draw = task;
        task.title = row.first;
        const outcome = await row.ended;
        if (outcome === "failed") throw new Error("failed");
        if (outcome !== "ran" && outcome !== "cached") task.skip();
      },
    })),
    {
      concurrent: true,
      exitOnError: false,
      // Ctrl-C is the scheduler's: the list only draws.
      registerSignalListeners: false,
      rendererOptions: {
        collapseSkips: false,
        showErrorMessage: false,
        collapseErrors: false,
        formatOutput: "truncate",
      },
    },
  );
  return list.run();
}

function barText(progress: Progress, seconds: number, columns: number, paint: Paint): string {
  const { done, total } = progress;
  const text = ` ${amountText(progress)}  ${paceText(progress, seconds)}`.trimEnd();
  const room = Math.max(0, Math.min(24, columns - text.length));
  const filled = total === 0 ? 0 : Math.round((room * done) / total);
  return `${paint.green("━".repeat(filled))}${paint.dim("━".repeat(room - filled))}${text}`;
}

/** Keeps a line within the terminal: one that wraps breaks the redrawing. */
function clip(text: string, columns: number): string {
  let seen = 0;
  let at = 0;
  while (at < text.length) {
    // Colour codes take no room.
    const code = text[at] === "\u001b" ? text.indexOf("m", at) : -1;
    if (code >= 0) at = code + 1;
    else if (++seen > columns - 1)
      return `${text.slice(0, at)}…${text.includes("\u001b") ? "\u001b[0m" : ""}`;
    else at++;
  }
  return text;
}
