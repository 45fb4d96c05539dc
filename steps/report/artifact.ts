import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { EpochLine } from "../learning/tables/history.ts";
import type { Classification, ClassScore } from "./classification.ts";
import type { Calibration } from "./figures/calibration.ts";
import type { DrawnCurves } from "./figures/class-curves.ts";
import type { Intervals } from "./figures/intervals.ts";
import type { ProbabilityScores } from "./figures/probability-scores.ts";
import type { MapFigure } from "./measure.ts";

/**
 * The format of a `report` artifact: `report.txt` for people, `report.json` with
 * every figure, `predictions.csv`; and for the page `figures.json`, what is drawn,
 * with the pictures it shows under `thumbnails/`. No clock, no place of this machine.
 */
const reportFile = "report.json";
const figuresFile = "figures.json";

/** `report.json`. */
export interface Report extends Omit<Classification, "classes">, ProbabilityScores {
  readonly split: "test";
  readonly notes: readonly string[];
  readonly classes: readonly (ClassScore & {
    /** `null` where the class, or every other, has no picture. */
    readonly rocAuc: number | null;
    readonly averagePrecision: number | null;
  })[];
  /** The mean of recall over classes that have pictures. */
  readonly balancedAccuracy: number;
  /** Means over classes; of `rankedPictures`, all of them or a sample. */
  readonly macroRocAuc: number | null;
  readonly macroAveragePrecision: number | null;
  readonly rankedPictures: number;
  /** 95 %, by the bootstrap. */
  readonly intervals: Intervals;
  readonly calibration: Calibration;
}

/** `figures.json`. */
export interface Figures {
  readonly format: 1;
  readonly roc: DrawnCurves;
  readonly precisionRecall: DrawnCurves;
  /** Of the training of the model. */
  readonly history: readonly EpochLine[];
  readonly map: MapFigure;
  readonly mistakes: readonly Example[];
  readonly doubts: readonly Example[];
}

/** A picture worth a look. */
export interface Example {
  /** As in `predictions.csv`. */
  readonly file: string;
  readonly label: number;
  readonly predicted: number;
  /** The probability of the class predicted. */
  readonly confidence: number;
  /** In the artifact, POSIX; absent where the picture cannot be shown. */
  readonly thumbnail?: string;
}

export async function writeReport(folder: string, report: Report): Promise<void> {
  await writeFile(join(folder, reportFile), reportText(report));
}

export async function writeFigures(folder: string, figures: Figures): Promise<void> {
  await writeFile(join(folder, figuresFile), `${JSON.stringify(figures)}\n`);
}

/** A report as it was written; `undefined` where an older flow did, without figures, or a newer one. */
export async function readReport(
  folder: string,
): Promise<{ readonly report: Report; readonly figures: Figures } | undefined> {
  const [report, figures] = await Promise.all([reportFile, figuresFile].map((name) => read(folder, name)));
  if (report === undefined || figures === undefined || (figures as Figures).format !== 1) return undefined;
  return { report: report as Report, figures: figures as Figures };
}

async function read(folder: string, name: string): Promise<unknown> {
  const text = await readFile(join(folder, name), "utf8").catch((error: NodeJS.ErrnoException) => {
    if (error.code !== "ENOENT") throw error;
    return undefined;
  });
  return text === undefined ? undefined : JSON.parse(text);
}

/** A member a line; of a list an element a line, whatever it is: a thousand classes would take a million otherwise. */
function reportText(report: Report): string {
  const members = Object.entries(report).map(([name, value]) => `  ${JSON.stringify(name)}: ${text(value)}`);
  return `{\n${members.join(",\n")}\n}\n`;
}

function text(value: unknown): string {
  if (!Array.isArray(value) || value.length === 0) return JSON.stringify(value);
  return `[\n${value.map((element) => `    ${JSON.stringify(element)}`).join(",\n")}\n  ]`;
}
