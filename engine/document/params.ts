import { isMap, type Mark, type Node, walk } from "./node.ts";
import { piecesOf } from "./reference.ts";
import { type Params, type SubstituteOptions, substitute } from "./substitute.ts";

/** What resolving reports with. */
type Reporting = Pick<SubstituteOptions, "report" | "within">;

/**
 * Params may be made of other params. Puts these in, whatever their order;
 * params that wait for each other are a mistake, told once a circle.
 */
export function resolveParams(node: Node | undefined, reporting: Reporting): Params {
  const written = new Map(isMap(node) ? node.entries.map((entry) => [entry.name, entry]) : []);
  const resolved = new Map<string, Node>();
  const params: Params = { names: [...written.keys()], value: (name) => resolved.get(name) };
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
      else resolved.set(current, substitute(entry.value, { params, ...reporting }));
    }
  }
  return params;
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
  report("cycle", `params wait for each other: ${circle.join(" → ")}`, mark);
}
