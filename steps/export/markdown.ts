import { printableLine } from "../../engine/printable.ts";

// Markdown (commonmark.org) as strings: pieces that end with a line feed.

/** Text from elsewhere: it is read as it is written, on one line. */
export function text(from: string): string {
  return printableLine(from).replaceAll(/[\\`*_[\]<>|#&~]/g, (sign) => `\\${sign}`);
}

/** The same as code: signs of Markdown mean nothing in it. */
export function code(from: string): string {
  return `\`${printableLine(from).replaceAll("`", "'")}\``;
}

export function section(title: string, pieces: readonly string[]): string {
  return `## ${title}\n\n${pieces.join("\n")}`;
}

export function list(items: readonly string[]): string {
  return items.map((item) => `- ${item}\n`).join("");
}

/** Cells are Markdown already. */
export function table(heads: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(" | ")} |\n`;
  return [line(heads), line(heads.map((_, at) => (at === 0 ? "---" : "---:"))), ...rows.map(line)].join("");
}
