import type { Prediction } from "../../engine/machine.ts";
import { printableLine } from "../../engine/printable.ts";
import { grouped } from "../../engine/wording.ts";
import type { Program } from "../program.ts";
import { jsonLine } from "./json.ts";
import { type Paint, paintWith, wantsColour } from "./paint.ts";
import { idText } from "./words.ts";

/** Prints predictions as they come. */
export interface PredictionsView {
  add(predictions: readonly Prediction[]): void;
  /** How many pictures could not be read. */
  bad(): number;
  /** Prints what is to be said at the end. */
  close(): void;
}

export interface PredictionsFormat {
  readonly csv?: boolean;
  readonly json?: boolean;
  readonly color: boolean;
}

export interface PredictionsShown {
  readonly classes: readonly string[];
  /** Of all pictures to come. */
  readonly names: readonly string[];
  csvLine(values: readonly (string | number)[]): string;
}

/** A table for people, lines of `predictions.csv`, or an object a line. Of a bad picture only JSON has an entry; else it is named on stderr. */
export function predictionsView(
  { stdout, stderr, env }: Pick<Program, "stdout" | "stderr" | "env">,
  { csv, json, color }: PredictionsFormat,
  shown: PredictionsShown,
): PredictionsView {
  const { classes } = shown;
  const paint = paintWith(wantsColour(stdout, env, color));
  const columns = stdout.isTTY ? (stdout.columns ?? 80) : Number.POSITIVE_INFINITY;
  const lines = json ? jsonLines(classes) : csv ? csvLines(shown) : tableLines(shown, { paint, columns });
  const counts = { computed: 0, known: 0, bad: 0 };
  stdout.write(lines.head);
  return {
    bad: () => counts.bad,
    add(predictions) {
      for (const one of predictions) {
        if (one.kind === "bad") counts.bad++;
        else if (one.isComputed) counts.computed++;
        else counts.known++;
        if (one.kind === "class") stdout.write(lines.line(one));
        else if (json) stdout.write(jsonLine({ file: one.name, error: one.reason }));
        else stderr.write(`${printableLine(`${one.name}: ${one.reason}`)}\n`);
      }
    },
    close() {
      if (json || csv) return;
      const { computed, known, bad } = counts;
      const parts = [
        `${grouped(computed)} computed`,
        ...(known > 0 ? [`${grouped(known)} whose features were there`] : []),
        ...(bad > 0 ? [`${grouped(bad)} that cannot be read`] : []),
      ];
      stderr.write(
        `${grouped(computed + known + bad)} picture${computed + known + bad === 1 ? "" : "s"}: ${parts.join(", ")}\n`,
      );
    },
  };
}

type Predicted = Prediction & { readonly kind: "class" };

interface Lines {
  readonly head: string;
  line(prediction: Predicted): string;
}

function jsonLines(classes: readonly string[]): Lines {
  return {
    head: "",
    line: ({ name, predicted, probabilities }) =>
      jsonLine({
        file: name,
        predicted: classes[predicted],
        probabilities: Object.fromEntries(classes.map((one, at) => [one, probabilities[at]])),
      }),
  };
}

/** The columns of `predictions.csv`; which class is right nobody knows. */
function csvLines({ classes, csvLine }: PredictionsShown): Lines {
  return {
    head: csvLine(["file", "label", "predicted", ...classes.map((name) => `p_${name}`)]),
    line: ({ name, predicted, probabilities }) =>
      csvLine([name, "", classes[predicted] as string, ...probabilities]),
  };
}

const WIDEST_CLASS = 18;
const PROBABILITY = "probability";
const NEXT = "next best";
/** "100.0 %" */
const PERCENT = 7;

function tableLines(
  { classes, names }: PredictionsShown,
  { paint, columns }: { readonly paint: Paint; readonly columns: number },
): Lines {
  const widest = (texts: readonly string[]): number =>
    texts.reduce((most, { length }) => Math.max(most, length), 0);
  const classWidth = Math.min(WIDEST_CLASS, Math.max("class".length, widest(classes)));
  const nextWidth = Math.max(NEXT.length, classWidth + 1 + PERCENT);
  const room = Math.max(12, columns - classWidth - PROBABILITY.length - nextWidth - 6);
  const width = Math.min(room, Math.max("file".length, widest(names)));
  const cells = (file: string, name: string, probability: string, next: string): string =>
    `${idText(file, width)}  ${paint.bold(idText(name, classWidth))}  ${probability.padStart(PROBABILITY.length)}  ${paint.dim(next)}`;
  return {
    head: `${paint.dim(cells("file", "class", PROBABILITY, NEXT).trimEnd())}\n`,
    line({ name, predicted, probabilities }) {
      const next = nextOf(probabilities, predicted);
      const nextText =
        next === undefined
          ? ""
          : `${idText(printableLine(classes[next] as string), classWidth).trimEnd()} ${percent(probabilities[next])}`;
      const text = cells(
        printableLine(name),
        printableLine(classes[predicted] as string),
        percent(probabilities[predicted]),
        nextText,
      );
      return `${text.trimEnd()}\n`;
    },
  };
}

/** The class that is likeliest beside the one predicted. */
function nextOf(probabilities: readonly number[], predicted: number): number | undefined {
  let best: number | undefined;
  for (const [at, value] of probabilities.entries()) {
    if (at !== predicted && (best === undefined || value > (probabilities[best] as number))) best = at;
  }
  return best;
}

function percent(value: number | undefined): string {
  return `${(100 * (value ?? 0)).toFixed(1)} %`;
}
