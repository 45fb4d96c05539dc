import type { Report } from "./artifact.ts";
import type { Classification } from "./classification.ts";
import { rounded } from "./figures/round.ts";
import type { Measured } from "./measure.ts";

/** Every figure, as `report.json` has it. */
export function reportOf(
  classification: Classification,
  figures: Measured,
  notes: readonly string[],
): Report {
  const { classes, confusion, ...means } = classification;
  const { curves, scores, calibration, intervals } = figures;
  const withPictures = classes.filter(({ support }) => support > 0);
  return {
    split: "test",
    notes,
    ...means,
    balancedAccuracy: rounded(
      withPictures.reduce((sum, { recall }) => sum + recall, 0) / withPictures.length,
    ),
    macroRocAuc: curves.macroRocAuc,
    macroAveragePrecision: curves.macroAveragePrecision,
    rankedPictures: curves.pictures,
    ...scores,
    intervals,
    calibration,
    classes: classes.map((score, label) => ({
      ...score,
      rocAuc: curves.rocAuc[label] ?? null,
      averagePrecision: curves.averagePrecision[label] ?? null,
    })),
    confusion,
  };
}
