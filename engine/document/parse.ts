import {
  type Document,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  parseDocument,
  type YAMLParseError,
  type Node as YamlNode,
} from "yaml";
import type { DiagnosticCode } from "./diagnostic.ts";
import type { Entry, Mark, Node } from "./node.ts";
import { placeholder } from "./scan.ts";

/** A mistake found while reading YAML. */
export interface ParseMistake {
  readonly code: DiagnosticCode;
  readonly message: string;
  readonly mark: Mark;
  readonly hint?: string;
}

export interface Parsed {
  /** Absent where the text is no YAML. */
  readonly root?: Node;
  readonly mistakes: readonly ParseMistake[];
}

const MAX_LENGTH = 16 << 20;
/** Values that aliases may add to those that are written down. */
const MAX_ALIASED = 10_000;
/** How many maps and lists a value may stand in. */
export const MAX_DEPTH = 64;
const coreTag = /^tag:yaml\.org,2002:(str|int|float|bool|null|map|seq)$/;

/** Reads YAML 1.2 into values that know their places. Hostile text is refused before it costs anything. */
export function parseYaml(text: string, markOf: (start: number, end: number) => Mark): Parsed {
  const mistake = (code: DiagnosticCode, message: string, start: number, end: number, hint?: string) => ({
    code,
    message,
    mark: markOf(start, end),
    ...(hint === undefined ? {} : { hint }),
  });
  if (text.length > MAX_LENGTH) {
    return { mistakes: [mistake("yaml-feature", "the file is larger than 16 MB: it is no pipeline", 0, 1)] };
  }
  const depth = deepest(text);
  if (depth > MAX_DEPTH) {
    return { mistakes: [mistake("yaml-feature", `more than ${MAX_DEPTH} brackets are open at once`, 0, 1)] };
  }
  const document = readDocument(text);
  if (document === undefined) return { mistakes: [mistake("yaml-feature", tooDeep, 0, 1)] };
  if (document.errors.length > 0) {
    const failures = onePerLine(text, document.errors).map(({ code, message, pos: [from, end] }) => {
      const start = from + (/^[ \t]*(?=\S)/.exec(text.slice(from))?.[0].length ?? 0);
      const refused = refusals[code];
      return mistake(refused ? "yaml-feature" : "yaml-syntax", refused ?? sentence(message), start, end);
    });
    return { mistakes: failures };
  }
  const mistakes: ParseMistake[] = [];
  const root = convert(document, { mistakes, markOf, limit: text.length + MAX_ALIASED });
  return { ...(root === undefined ? {} : { root }), mistakes };
}

export const tooDeep = `the values are nested more than ${MAX_DEPTH} deep`;

/** `undefined` where block collections are nested so deep that the parser gives up. */
function readDocument(text: string): Document | undefined {
  try {
    return parseDocument(text, { uniqueKeys: false, prettyErrors: false, logLevel: "silent" });
  } catch (error) {
    if (error instanceof RangeError) return undefined;
    throw error;
  }
}

/** The first error of each line: others there mostly follow from it. */
function onePerLine(text: string, errors: readonly YAMLParseError[]): readonly YAMLParseError[] {
  const seen = new Set<number>();
  return errors.filter(({ pos: [start] }) => {
    const line = text.lastIndexOf("\n", start - 1);
    const isFirst = !seen.has(line);
    seen.add(line);
    return isFirst;
  });
}

/** YAML that a pipeline cannot be, by the parser's code. */
const refusals: Readonly<Record<string, string>> = {
  MULTIPLE_DOCS: "a pipeline is one YAML document; a second one begins here",
  RESOURCE_EXHAUSTION: tooDeep,
};

/** How many flow collections are open at once: the parser recurses into them. */
function deepest(text: string): number {
  let depth = 0;
  let most = 0;
  for (const sign of text) {
    if (sign === "{" || sign === "[") most = Math.max(most, ++depth);
    else if (sign === "}" || sign === "]") depth--;
  }
  return most;
}

function sentence(message: string): string {
  const first = message.split("\n")[0] ?? message;
  return first.charAt(0).toLowerCase() + first.slice(1).replace(/\.$/, "");
}

interface Conversion {
  /** Where mistakes are put down. */
  readonly mistakes: ParseMistake[];
  markOf(start: number, end: number): Mark;
  /** How many values there may be: no text has more than characters but by aliases. */
  readonly limit: number;
}

function convert(document: Document, { mistakes, markOf, limit }: Conversion): Node | undefined {
  let count = 0;
  const refuse = (message: string, mark: Mark, hint?: string): Node => {
    mistakes.push({ code: "yaml-feature", message, mark, ...(hint === undefined ? {} : { hint }) });
    return { kind: "broken", mark };
  };
  const markFrom = (node: YamlNode): Mark => markOf(node.range?.[0] ?? 0, node.range?.[1] ?? 0);

  const visitNode = (node: YamlNode | null | undefined, at: Mark, above: readonly YamlNode[]): Node => {
    if (node == null) return { kind: "scalar", value: null, mark: at };
    count++;
    const mark = markFrom(node);
    if (count === limit) return refuse("the document is too large once its aliases are expanded", mark);
    if (count > limit) return { kind: "broken", mark };
    if (above.length > MAX_DEPTH) return refuse(tooDeep, mark);
    if (isAlias(node)) {
      const target = node.resolve(document);
      if (target === undefined) return refuse(`there is no anchor &${node.source} before this`, mark);
      if (above.includes(target)) return refuse(`the alias *${node.source} holds itself`, mark);
      return visitNode(target, mark, above);
    }
    if (node.tag !== undefined && !coreTag.test(node.tag))
      return refuse(`the tag ${node.tag} is not supported`, mark);
    if (isScalar(node)) return visitScalar(node.value, mark, node.source);
    const inside = [...above, node];
    if (isSeq(node)) {
      return {
        kind: "list",
        mark,
        items: node.items.map((item) => visitNode(item as YamlNode, mark, inside)),
      };
    }
    if (!isMap(node)) return refuse("this kind of value is not supported", mark);
    const entries: Entry[] = [];
    for (const { key, value } of node.items) {
      const entry = visitPair(key as YamlNode, value as YamlNode | null, inside);
      if (entry !== undefined) entries.push(entry);
    }
    return { kind: "map", mark, entries: withoutTwins(entries) };
  };

  const visitScalar = (value: unknown, mark: Mark, spelling: string | undefined): Node => {
    if (typeof value === "number" && /^[-+]?\.(inf|nan)$/i.test(spelling ?? "")) {
      return refuse(`${Number.isNaN(value) ? ".nan" : ".inf"} is not supported`, mark, "write a number");
    }
    if (typeof value === "string" && value.includes(placeholder)) return { kind: "broken", mark };
    if ((typeof value === "number" || typeof value === "boolean") && spelling !== undefined)
      return { kind: "scalar", value, mark, spelling };
    if (value === null || ["string", "number", "boolean"].includes(typeof value)) {
      return { kind: "scalar", value: value as string | number | boolean | null, mark };
    }
    return refuse("this kind of value is not supported", mark);
  };

  const visitPair = (
    key: YamlNode | null,
    value: YamlNode | null,
    above: readonly YamlNode[],
  ): Entry | undefined => {
    if (!isScalar(key)) {
      refuse("a name must be plain text", key === null ? markOf(0, 1) : markFrom(key));
      return undefined;
    }
    const mark = markFrom(key);
    // A name is text, whatever YAML would make of it: `0: non_food` names the class 0.
    const name = typeof key.value === "string" ? key.value : (key.source ?? String(key.value));
    if (name.includes(placeholder)) return undefined;
    if (name === "<<") {
      refuse(
        "merge keys (<<) are not supported",
        mark,
        "write the values out, or use an alias for the whole value",
      );
      return undefined;
    }
    return { name, mark, value: visitNode(value, mark, above) };
  };

  const withoutTwins = (entries: readonly Entry[]): readonly Entry[] => {
    const first = new Map<string, Entry>();
    for (const entry of entries) {
      if (!first.has(entry.name)) first.set(entry.name, entry);
      else
        mistakes.push({
          code: "duplicate-name",
          message: `"${entry.name}" is there twice`,
          mark: entry.mark,
        });
    }
    return [...first.values()];
  };

  return document.contents == null ? undefined : visitNode(document.contents as YamlNode, markOf(0, 1), []);
}
