import { grouped, percent } from "../../../engine/wording.ts";
import { type Html, html } from "../../pages/html.ts";
import type { Report } from "../artifact.ts";
import { counted, three } from "./words.ts";

/** What it came to, in a sentence and a few figures. */
export function headline(report: Report): Html {
  const total = report.macro.support;
  const right = report.confusion.reduce((sum, row, label) => sum + (row[label] as number), 0);
  const { low, high } = report.intervals.accuracy;
  const [commonest] = [...report.classes].sort((a, b) => b.support - a.support);
  return html`<h1>${percent(report.accuracy)} of ${counted(total, "test picture")} recognized</h1>
<p class="lead">${grouped(right)} right, ${grouped(total - right)} wrong. On other pictures like these it would most likely be right for ${percent(low)} to ${percent(high)} (95 % interval). Calling every picture ${commonest?.class} would be right for ${percent((commonest?.support ?? 0) / total)}.</p>`;
}

/** What is doubtful about the figures. */
export function notes(sentences: readonly string[]): Html | undefined {
  if (sentences.length === 0) return undefined;
  const items = sentences.map((sentence) => html`<li>${sentence}</li>`);
  return html`<aside class="notes" aria-label="Notes"><strong>To know before relying on this</strong><ul>${items}</ul></aside>`;
}

/** The figures, each with what it means. */
export function tiles(report: Report): Html {
  const { intervals, classes } = report;
  const range = (name: keyof Report["intervals"], text: (value: number) => string): string =>
    `${text(intervals[name].low)} to ${text(intervals[name].high)}`;
  const all: (readonly [name: string, value: string, small: string])[] = [
    ["Accuracy", percent(report.accuracy), range("accuracy", percent)],
    ["Macro F1", three(report.macro.f1), range("macroF1", three)],
    ["Balanced accuracy", percent(report.balancedAccuracy), range("balancedAccuracy", percent)],
    ["ROC AUC", three(report.macroRocAuc), "mean of classes; 0.5 is chance, 1 perfect"],
    ["Average precision", three(report.macroAveragePrecision), "mean of classes; 1 is perfect"],
    ["Calibration error", percent(report.calibration.error), "how far confidence is from accuracy"],
  ];
  if (classes.length > 5) {
    all.splice(1, 0, ["Top-5 accuracy", percent(report.topFive), "the class is among the five likeliest"]);
  }
  const items = all.map(
    ([name, value, small]) =>
      html`<div><dt>${name}</dt><dd class="value">${value}</dd><dd class="small">${small}</dd></div>`,
  );
  return html`<dl class="tiles">${items}</dl>`;
}
