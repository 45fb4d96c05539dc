import { percent } from "../../../engine/wording.ts";
import type { EpochLine } from "../../learning/tables/history.ts";
import { type Axis, chart, figure, line, roundTicks } from "../../pages/chart.ts";
import type { Html } from "../../pages/html.ts";
import type { Figures } from "../artifact.ts";
import { counted, three } from "./words.ts";

/** How the training went, epoch by epoch: two figures, or none. */
export function training({ history }: Figures): readonly Html[] {
  return history.length === 0 ? [] : [loss(history), accuracy(history)];
}

type Measure = (line: EpochLine) => number | undefined;

function loss(history: readonly EpochLine[]): Html {
  const best = lowest(history);
  const last = history.at(-1) as EpochLine;
  const validation =
    best === undefined
      ? ""
      : ` On the validation pictures it was lowest after epoch ${best.epoch}, ${three(best.validationLoss ?? 0)}.`;
  const text = `After ${counted(last.epoch, "epoch")} the loss on the training pictures is ${three(last.loss)}.${validation}`;
  const all = history.flatMap((one) => [one.loss, one.validationLoss ?? 0]);
  const ticks = roundTicks(Math.max(...all));
  return curve(history, {
    title: "Loss by epoch",
    measure: "loss",
    text,
    ticks,
    own: (one) => one.loss,
    held: (one) => one.validationLoss,
  });
}

function accuracy(history: readonly EpochLine[]): Html {
  const last = history.at(-1) as EpochLine;
  const held =
    last.validationAccuracy === undefined
      ? ""
      : `, of the validation pictures ${percent(last.validationAccuracy)}`;
  return curve(history, {
    title: "Accuracy by epoch",
    measure: "accuracy",
    text: `After the last epoch ${percent(last.accuracy)} of the training pictures are right${held}.`,
    ticks: [0, 0.25, 0.5, 0.75, 1],
    own: (one) => one.accuracy,
    held: (one) => one.validationAccuracy,
  });
}

interface Drawing {
  readonly title: string;
  readonly measure: string;
  readonly text: string;
  readonly ticks: readonly number[];
  readonly own: Measure;
  readonly held: Measure;
}

function curve(history: readonly EpochLine[], { title, measure, text, ticks, own, held }: Drawing): Html {
  const last = (history.at(-1) as EpochLine).epoch;
  const x: Axis = { from: Math.min(1, last - 1), to: last, ticks: epochTicks(last), label: "epoch" };
  const y: Axis = { from: 0, to: ticks.at(-1) as number, ticks, label: measure };
  const legend = [{ name: "training", style: "s1" }];
  const hasHeld = history.some((one) => held(one) !== undefined);
  if (hasHeld) legend.push({ name: "validation", style: "s2 dashed" });
  const body = chart({ x, y, text: `${title}. ${text}` }, (plane) => {
    const draw = (of: Measure, style: string): Html => {
      const there = history.filter((one) => of(one) !== undefined);
      return line(
        plane,
        there.map(({ epoch }) => epoch),
        there.map((one) => of(one) as number),
        style,
      );
    };
    return [draw(own, "s1"), ...(hasHeld ? [draw(held, "s2 dashed")] : [])];
  });
  return figure({ title, text, legend }, body);
}

function lowest(history: readonly EpochLine[]): EpochLine | undefined {
  const there = history.filter(({ validationLoss }) => validationLoss !== undefined);
  return there.reduce<EpochLine | undefined>(
    (best, one) =>
      best === undefined || (one.validationLoss as number) < (best.validationLoss as number) ? one : best,
    undefined,
  );
}

/** The first, the last, and whole steps between. */
function epochTicks(last: number): readonly number[] {
  const step = Math.max(1, Math.ceil(last / 5));
  const between = Array.from({ length: 5 }, (_, at) => (at + 1) * step).filter((epoch) => epoch <= last);
  return [...new Set([1, ...between])];
}
