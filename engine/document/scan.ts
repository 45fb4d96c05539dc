import { referenceAt } from "./reference.ts";

/** A `${…}` that stands unquoted inside `{…}` or `[…]`, where YAML would take its brace for its own. */
export interface BareReference {
  readonly start: number;
  readonly end: number;
  readonly text: string;
}

/** Stands for a bare reference, so that the parser has nothing to say about it. In Unicode's private use area. */
export const placeholder = "\ue000";

/**
 * Finds bare references in YAML text and returns the text with each replaced by
 * a run of placeholders of the same length. It reads just enough YAML to know
 * where flow collections are: quotes, comments and block scalars are left alone.
 */
export function scanReferences(text: string): {
  readonly text: string;
  readonly bare: readonly BareReference[];
} {
  const bare: BareReference[] = [];
  let at = 0;
  while (at < text.length) {
    const lineEnd = endOfLine(text, at);
    const value = valueStart(text, at, lineEnd);
    const first = text[value];
    if (value >= lineEnd) at = lineEnd + 1;
    else if (first === "{" || first === "[") at = endOfLine(text, scanFlow(text, value, bare)) + 1;
    else if (first === '"' || first === "'") at = endOfLine(text, skipQuoted(text, value)) + 1;
    else if (first === "|" || first === ">") at = skipBlockScalar(text, at, lineEnd);
    else at = lineEnd + 1;
  }
  let clean = text;
  for (const { start, end } of bare) {
    clean = clean.slice(0, start) + placeholder.repeat(end - start) + clean.slice(end);
  }
  return { text: clean, bare };
}

function endOfLine(text: string, from: number): number {
  const end = text.indexOf("\n", from);
  return end < 0 ? text.length : end;
}

/** Indentation, dashes, a key with its colon, anchors and tags. */
const beforeValue =
  /^[ \t]*(?:- +)*(?:(?:"(?:[^"\\]|\\.)*"|'[^']*'|[^\s#"'{[|>&!-][^#\n]*?|-[^\s#][^#\n]*?)[ \t]*:(?=[ \t]|$)[ \t]*)?(?:[&!]\S*[ \t]+)*/;

function valueStart(text: string, start: number, end: number): number {
  const line = text.slice(start, end);
  return start + (beforeValue.exec(line)?.[0].length ?? 0);
}

/** From an opening bracket to behind the one that closes it. */
function scanFlow(text: string, start: number, bare: BareReference[]): number {
  let depth = 0;
  for (let at = start; at < text.length; at++) {
    const sign = text[at];
    const found = referenceAt(text, at);
    if (found !== undefined) {
      bare.push({ start: at, end: at + found.length, text: found });
      at += found.length - 1;
    } else if (sign === "{" || sign === "[") depth++;
    else if (sign === "}" || sign === "]") {
      depth--;
      if (depth === 0) return at + 1;
    } else if ((sign === '"' || sign === "'") && /[\s{[,:]/.test(text[at - 1] ?? " ")) {
      at = skipQuoted(text, at) - 1;
    } else if (sign === "#" && /\s/.test(text[at - 1] ?? " ")) at = endOfLine(text, at) - 1;
  }
  return text.length;
}

/** From a quote to behind the one that closes it. */
function skipQuoted(text: string, start: number): number {
  const quote = text[start];
  for (let at = start + 1; at < text.length; at++) {
    if (quote === '"' && text[at] === "\\") at++;
    else if (text[at] === quote) {
      if (quote === '"' || text[at + 1] !== "'") return at + 1;
      at++;
    }
  }
  return text.length;
}

/** To behind the last line that is indented further than the line the scalar began on. */
function skipBlockScalar(text: string, start: number, lineEnd: number): number {
  const indent = /^ */.exec(text.slice(start, lineEnd))?.[0].length ?? 0;
  let at = lineEnd + 1;
  while (at < text.length) {
    const end = endOfLine(text, at);
    const line = text.slice(at, end);
    if (line.trim() !== "" && (/^ */.exec(line)?.[0].length ?? 0) <= indent) return at;
    at = end + 1;
  }
  return at;
}
