import { isMap, type Mark, type Node, walk } from "./node.ts";
import { MAX_DEPTH, tooDeep } from "./parse.ts";
import { piecesOf } from "./reference.ts";
import { type Params, type SubstituteOptions, substitute } from "./substitute.ts";
import { circleText } from "./suggest.ts";

/** What resolving reports with. */
type Reporting = Pick<SubstituteOptions, "report" | "within">;

/**
 * Params may be made of other params. Puts these in, whatever their order;
 * params that wait for each other are a mistake, told once a circle.
 */
export function resolveParams(node: Node | undefined, reporting: Reporting): Params {
  const written = new Map(isMap(node) ? node.entries.map((entry) => [entry.name, entry]) : []);
  const resolved = new Map<string, Node>();
  const weights = new Map<string, number>();
  let left = MOST_PUT_IN;
  const params: Params = {
    names: [...written.keys()],
    value: (name) => resolved.get(name),
    put(name, mark) {
      const weight = weights.get(name) ?? 0;
      if (left >= weight) {
        left -= weight;
        return resolved.get(name);
      }
      if (left > 0)
        reporting.report("yaml-feature", "the document is too large once its references are filled in", mark);
      left = 0;
      return { kind: "broken", mark };
    },
  };
  for (const name of params.names) {
    // Depth first, without recursion: a chain may be as long as the file.
    const path = [name];
    while (path.length > 0) {
      const current = path.at(-1) as string;
      const entry = written.get(current);
      if (entry === undefined || resolved.has(current)) {
        path.pop();
        continue;
      }
      const waiting = paramsIn(entry.value).filter((other) => written.has(other) && !resolved.has(other));
      const circle = waiting.find((other) => path.includes(other));
      if (circle !== undefined) {
        reportCircle([...path.slice(path.indexOf(circle)), circle], entry.mark, reporting);
        resolved.set(current, { kind: "broken", mark: entry.value.mark });
      } else if (waiting[0] !== undefined) path.push(waiting[0]);
      else {
        const value = shallow(substitute(entry.value, { params, ...reporting }), reporting);
        resolved.set(current, value);
        weights.set(current, weightOf(value));
      }
    }
  }
  return params;
}

/** How much references may put in, all over a document, in characters (a value counts 16): params of params multiply. */
const MOST_PUT_IN = 16 << 20;

function weightOf(node: Node): number {
  let weight = 0;
  for (const { node: inner } of walk(node)) {
    weight += 16 + (inner.kind === "scalar" && typeof inner.value === "string" ? inner.value.length : 0);
  }
  return weight;
}

/** A value that is not nested too deep. */
function shallow(value: Node, { report }: Reporting): Node {
  for (const { path } of walk(value)) {
    if (path.length <= MAX_DEPTH) continue;
    report("yaml-feature", tooDeep, value.mark);
    return { kind: "broken", mark: value.mark };
  }
  return value;
}

function paramsIn(node: Node): readonly string[] {
  return [...walk(node)].flatMap(({ node: inner }) => {
    if (inner.kind !== "scalar" || typeof inner.value !== "string") return [];
    return piecesOf(inner.value).flatMap((piece) =>
      piece.kind === "reference" && piece.scope === "params" ? [piece.name] : [],
    );
  });
}

function reportCircle(circle: readonly string[], mark: Mark, { report }: Reporting): void {
  report("cycle", `params wait for each other: ${circleText(circle)}`, mark);
}
