import type { Place } from "./diagnostic.ts";
import type { Mark } from "./node.ts";

/** Turns marks into places of one file. */
export interface Places {
  place(mark: Mark): Place;
  /** 1-based line of a mark in the file; `undefined` for an option. */
  line(mark: Mark): number | undefined;
}

export function placesOf(file: string, text: string): Places {
  const starts = [0];
  for (let at = text.indexOf("\n"); at >= 0; at = text.indexOf("\n", at + 1)) starts.push(at + 1);
  const lineAt = (offset: number): number => {
    let low = 0;
    let high = starts.length - 1;
    while (low < high) {
      const middle = Math.ceil((low + high) / 2);
      if ((starts[middle] as number) <= offset) low = middle;
      else high = middle - 1;
    }
    return low;
  };
  return {
    place(mark) {
      if (mark.kind === "option") return mark;
      const line = lineAt(mark.start);
      const start = starts[line] as number;
      const end = text.indexOf("\n", start);
      const whole = text.slice(start, end < 0 ? text.length : end).replace(/\r$/, "");
      const column = Math.min(mark.start - start, whole.length);
      const length = Math.max(1, Math.min(mark.end - mark.start, whole.length - column));
      return { kind: "file", file, line: line + 1, column: column + 1, ...excerpt(whole, column, length) };
    },
    line: (mark) => (mark.kind === "option" ? undefined : lineAt(mark.start) + 1),
  };
}

/** Longer lines are cut: a document on one line would be repeated with each of its mistakes. */
const LONGEST_LINE = 240;
const BEFORE = 60;

function excerpt(line: string, column: number, length: number) {
  if (line.length <= LONGEST_LINE) return { length, source: line, offset: column };
  const start = Math.max(0, column - BEFORE);
  const end = Math.min(line.length, start + LONGEST_LINE);
  const lead = start > 0 ? "…" : "";
  const source = `${lead}${line.slice(start, end)}${end < line.length ? "…" : ""}`;
  return { length: Math.min(length, end - column), source, offset: lead.length + column - start };
}
