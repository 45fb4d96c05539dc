import { grouped, percent } from "../../../engine/wording.ts";
import { type Axis, bar, chart, figure, type LegendEntry, line, short } from "../../pages/chart.ts";
import { type Html, html } from "../../pages/html.ts";
import type { Figures, Report } from "../artifact.ts";
import type { DrawnCurves } from "../figures/class-curves.ts";
import { training } from "./training.ts";
import { counted, three } from "./words.ts";

const ticks = [0, 0.25, 0.5, 0.75, 1];
const share = (label: string): Axis => ({ from: 0, to: 1, ticks, label });

/** How well classes are told apart at every threshold, whether confidence can be believed, and how the training went. */
export function curves(report: Report, figures: Figures): Html {
  return html`<section aria-labelledby="curves"><h2 id="curves">Curves</h2>${sampled(report)}<div class="charts">${roc(report, figures)}${precisionRecall(report, figures)}${calibration(report)}${confidence(report)}${training(figures)}</div></section>
`;
}

function sampled({ rankedPictures, macro }: Report): Html | undefined {
  if (rankedPictures === macro.support) return undefined;
  return html`<p>The first two are made from ${grouped(rankedPictures)} of ${counted(macro.support, "picture")}, drawn at random.</p>`;
}

function roc(report: Report, { roc }: Figures): Html {
  const text =
    report.macroRocAuc === null
      ? "Needs pictures of more than one class."
      : `How many of a class are found (up) for how many others are taken for it (right), as the threshold falls. The mean area under the curves is ${three(report.macroRocAuc)}.${chosen(report, roc)}`;
  return drawn(report, roc, {
    title: "ROC",
    text,
    x: share("false positive rate"),
    y: share("true positive rate"),
    guide: [
      [0, 1],
      [0, 1],
    ],
  });
}

function precisionRecall(report: Report, { precisionRecall }: Figures): Html {
  return drawn(report, precisionRecall, {
    title: "Precision and recall",
    text: `How many of those taken for a class are of it (up) when this many of its pictures are to be found (right). The mean average precision is ${three(report.macroAveragePrecision)}.${chosen(report, precisionRecall)}`,
    x: share("recall"),
    y: share("precision"),
  });
}

interface Drawing {
  readonly title: string;
  readonly text: string;
  readonly x: Axis;
  readonly y: Axis;
  readonly guide?: readonly [readonly number[], readonly number[]];
}

function drawn(report: Report, drawn: DrawnCurves, { title, text, x, y, guide }: Drawing): Html {
  const legend: LegendEntry[] = drawn.classes.map(({ label }, at) => ({
    name: report.classes[label]?.class ?? "",
    style: `s${at + 1}`,
  }));
  if (drawn.macro !== undefined) legend.push({ name: "mean of all classes", style: "s0 mean" });
  const body = chart({ x, y, text: `${title}. ${text}` }, (plane) => [
    ...(guide === undefined ? [] : [line(plane, ...guide, "guide")]),
    ...drawn.classes.map(({ curve }, at) => line(plane, curve.x, curve.y, `s${at + 1}`)),
    ...(drawn.macro === undefined ? [] : [line(plane, drawn.macro.x, drawn.macro.y, "s0 mean")]),
  ]);
  return figure({ title, text, legend }, body);
}

/** Which classes have a line, where not all have. */
function chosen(report: Report, { classes }: DrawnCurves): string {
  if (classes.length === 0 || classes.length === report.classes.length) return "";
  return ` Drawn are the ${classes.length} classes told apart worst of ${grouped(report.classes.length)}.`;
}

function calibration({ calibration }: Report): Html {
  const filled = calibration.bins.filter(({ count }) => count > 0);
  const over = filled.reduce((sum, bin) => sum + bin.count * (bin.confidence - bin.accuracy), 0);
  const which = over > 0 ? "it is surer than it should be" : "it is less sure than it could be";
  const text = `Of the pictures it is 80 % sure of, 80 % should be right: the dotted line. On average the two are ${percent(calibration.error)} apart; on the whole ${which}.`;
  const body = chart(
    { x: share("confidence"), y: share("accuracy"), text: `Calibration. ${text}` },
    (plane) => [
      line(plane, [0, 1], [0, 1], "guide"),
      line(
        plane,
        filled.map((bin) => bin.confidence),
        filled.map((bin) => bin.accuracy),
        "s1",
      ),
      ...filled.map(
        (bin) =>
          html`<circle class="s1" cx="${short(plane.x(bin.confidence))}" cy="${short(plane.y(bin.accuracy))}" r="3" fill="currentColor"/>`,
      ),
    ],
  );
  return figure({ title: "Calibration", text }, body);
}

function confidence({ calibration: { bins }, macro, logLoss }: Report): Html {
  const shares = bins.map(({ count }) => count / macro.support);
  const most = shares.indexOf(Math.max(...shares));
  const edges = (at: number): readonly [number, number] => [at / bins.length, (at + 1) / bins.length];
  const [low, high] = edges(most).map(percent);
  const text = `Most often it is ${low} to ${high} sure: for ${percent(shares[most] as number)} of the pictures, of which ${percent(bins[most]?.accuracy ?? 0)} are right. The log loss is ${three(logLoss)}.`;
  const body = chart(
    {
      x: share("confidence"),
      y: { ...share("share of pictures"), text: (value) => `${value * 100}%` },
      text: `Confidence. ${text}`,
    },
    (plane) => shares.map((value, at) => bar(plane, edges(at), value, "s1")),
  );
  return figure({ title: "How sure it is", text }, body);
}
