import { grouped } from "../../../engine/wording.ts";
import { type Html, html } from "../../pages/html.ts";
import type { Report } from "../artifact.ts";
import { three } from "./words.ts";

const MOST_ROWS = 25;

/** How good it is at each class; of many, the worst first and the rest on demand. */
export function classes({ classes, macro, weighted }: Report): Html {
  const isLong = classes.length > MOST_ROWS;
  const worst = [...classes.keys()].sort((a, b) => f1(a) - f1(b) || a - b);
  const shown = isLong ? worst.slice(0, MOST_ROWS) : [...classes.keys()];
  const rest = worst.slice(MOST_ROWS);
  function f1(label: number): number {
    return classes[label]?.f1 ?? 0;
  }
  const rows = (labels: readonly number[]) => labels.map((label) => row(classes[label] as ClassRow));
  const means = [macro, weighted].map((mean) => row({ ...mean, rocAuc: null, averagePrecision: null }));
  const intro = isLong
    ? `The ${MOST_ROWS} classes of ${grouped(classes.length)} with the lowest F1; the others are below.`
    : "Precision: how many of those taken for the class are of it. Recall: how many of its pictures were found. F1 weighs both.";
  const more = isLong
    ? html`<details><summary>All other ${grouped(rest.length)} classes, the worst first</summary>${table("All other classes", rows(rest), [])}</details>`
    : undefined;
  return html`<section aria-labelledby="classes"><h2 id="classes">Class by class</h2><p>${intro}</p>${table("Figures by class", rows(shown), means)}${more}</section>
`;
}

type ClassRow = Report["classes"][number];

function table(name: string, rows: readonly Html[], foot: readonly Html[]): Html {
  const heads = ["precision", "recall", "F1", "ROC AUC", "avg. precision", "pictures"].map(
    (head) => html`<th scope="col">${head}</th>`,
  );
  const means = foot.length === 0 ? undefined : html`<tfoot>${foot}</tfoot>`;
  return html`<div class="scroll" role="region" aria-label="${name}" tabindex="0"><table class="wide"><thead><tr><th scope="col">class</th>${heads}</tr></thead><tbody>${rows}</tbody>${means}</table></div>`;
}

function row({ class: name, precision, recall, f1, rocAuc, averagePrecision, support }: ClassRow): Html {
  const meter = html`<span class="meter" aria-hidden="true"><i style="--v:${f1.toFixed(3)}"></i></span>`;
  const figures = [precision, recall].map((value) => html`<td>${three(value)}</td>`);
  const areas = [rocAuc, averagePrecision].map((value) => html`<td>${three(value)}</td>`);
  return html`<tr><th scope="row">${name}</th>${figures}<td>${three(f1)}${meter}</td>${areas}<td>${grouped(support)}</td></tr>
`;
}
