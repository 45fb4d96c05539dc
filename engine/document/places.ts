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
      const source = text.slice(start, end < 0 ? text.length : end).replace(/\r$/, "");
      const column = Math.min(mark.start - start, source.length);
      const length = Math.max(1, Math.min(mark.end - mark.start, source.length - column));
      return { kind: "file", file, line: line + 1, column: column + 1, length, source };
    },
    line: (mark) => (mark.kind === "option" ? undefined : lineAt(mark.start) + 1),
  };
}
