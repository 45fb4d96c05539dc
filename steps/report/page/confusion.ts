import { grouped, percent } from "../../../engine/wording.ts";
import { type Html, html } from "../../pages/html.ts";
import type { Report } from "../artifact.ts";
import { counted } from "./words.ts";

/** How many classes a matrix shows that is still read. */
const MOST_CLASSES = 12;
const MOST_PAIRS = 15;

/** Which classes are taken for which: the matrix, and the commonest mistakes in words. */
export function confusion(report: Report): Html {
  const pairs = mistakesOf(report);
  const shown = chosenClasses(report, pairs);
  const isWhole = shown.length === report.classes.length;
  const intro = isWhole
    ? "Rows are what a picture is, columns what it was taken for. Each cell has the number of pictures and their share of the row."
    : `Rows are what a picture is, columns what it was taken for. Of ${grouped(report.classes.length)} classes these ${shown.length} are mixed up most; shares are of all pictures of the row's class.`;
  return html`<section aria-labelledby="wrong"><h2 id="wrong">Where it is wrong</h2><p>${pairs.length === 0 ? "No picture was taken for another class." : intro}</p>${matrix(report, shown)}${pairsTable(report, pairs)}</section>
`;
}

interface Pair {
  readonly from: number;
  readonly to: number;
  readonly count: number;
}

/** Mistakes, the commonest first. */
function mistakesOf({ confusion }: Report): readonly Pair[] {
  const pairs = confusion.flatMap((row, from) =>
    row.flatMap((count, to) => (count > 0 && from !== to ? [{ from, to, count }] : [])),
  );
  return pairs.sort((a, b) => b.count - a.count || a.from - b.from || a.to - b.to);
}

/** All classes, or those in the commonest mistakes. */
function chosenClasses({ classes }: Report, pairs: readonly Pair[]): readonly number[] {
  if (classes.length <= MOST_CLASSES) return [...classes.keys()];
  const chosen = new Set<number>();
  for (const { from, to } of pairs) {
    if (new Set([...chosen, from, to]).size > MOST_CLASSES) break;
    chosen.add(from).add(to);
  }
  return [...chosen].sort((a, b) => a - b);
}

function matrix(report: Report, shown: readonly number[]): Html | undefined {
  if (shown.length === 0) return undefined;
  const { classes } = report;
  const name = (label: number): string => classes[label]?.class ?? "";
  const heads = shown.map((label) => html`<th scope="col">${name(label)}</th>`);
  const rows = shown.map((from) => {
    const cells = shown.map((to) => cell(report, from, to));
    return html`<tr><th scope="row">${name(from)}</th>${cells}</tr>`;
  });
  return html`<div class="scroll" role="region" aria-label="Confusion matrix" tabindex="0"><table class="matrix"><caption>Confusion matrix</caption><thead><tr><th>is \\ taken for</th>${heads}</tr></thead><tbody>${rows}</tbody></table></div>`;
}

function cell({ confusion, classes }: Report, from: number, to: number): Html {
  const count = confusion[from]?.[to] ?? 0;
  const support = classes[from]?.support ?? 0;
  if (count === 0) return html`<td class="none">0</td>`;
  const share = count / support;
  const style = from === to ? "hit" : "miss";
  // A square root: few mistakes are seen too.
  const shade = (from === to ? share : Math.sqrt(share)).toFixed(2);
  return html`<td class="${style}" style="--v:${shade}">${grouped(count)}<small>${percent(share)}</small></td>`;
}

function pairsTable({ classes }: Report, pairs: readonly Pair[]): Html | undefined {
  // Of two classes the matrix says it all.
  if (classes.length < 3 || pairs.length === 0) return undefined;
  const rows = pairs.slice(0, MOST_PAIRS).map(({ from, to, count }) => {
    const support = classes[from]?.support ?? 0;
    return html`<tr><th scope="row">${classes[from]?.class}</th><td class="word">${classes[to]?.class}</td><td>${grouped(count)}</td><td>${percent(count / support)}</td></tr>`;
  });
  const wrong = pairs.reduce((sum, { count }) => sum + count, 0);
  const told = pairs.slice(0, MOST_PAIRS).reduce((sum, { count }) => sum + count, 0);
  const [worst] = pairs as [Pair];
  const caption = `The commonest mistakes: ${classes[worst.from]?.class} taken for ${classes[worst.to]?.class} leads with ${counted(worst.count, "picture")}. These ${Math.min(MOST_PAIRS, pairs.length)} pairs are ${percent(told / wrong)} of all mistakes.`;
  return html`<div class="scroll" role="region" aria-label="The commonest mistakes" tabindex="0"><table><caption>${caption}</caption><thead><tr><th class="word">is</th><th class="word">taken for</th><th>pictures</th><th>of its class</th></tr></thead><tbody>${rows}</tbody></table></div>`;
}
