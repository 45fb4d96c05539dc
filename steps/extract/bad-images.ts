import { StepError } from "../../engine/step-type.ts";
import { some } from "../../engine/wording.ts";
import { writeSkipped } from "../learning/tables/features.ts";
import { type ImageRow, imagePath } from "../learning/tables/images.ts";
import { tooLarge } from "../vision/pixels/pixels.ts";
import type { ExtractContext } from "./declaration.ts";

/**
 * Pictures that are too large, by digest, with what is said of them. By what the
 * table says of their size: what a store has of an earlier time, when more was
 * allowed, must not decide.
 */
export function tooLargeAmong(rows: readonly ImageRow[], limit: number): ReadonlyMap<string, string> {
  const large = new Map<string, string>();
  for (const row of rows) {
    const { width = 0, height = 0 } = row;
    if (width * height > limit) {
      large.set(row.digest, tooLarge(imagePath(row), { width, height }, limit).reason);
    }
  }
  return large;
}

/**
 * Says which pictures are left out, in `skipped.csv` and in a note.
 *
 * @param reasons why a picture cannot be read, by digest.
 * @throws StepError naming all of them, unless they are to be left out and others are there.
 */
export async function answerForBad(
  ctx: ExtractContext,
  rows: readonly ImageRow[],
  reasons: ReadonlyMap<string, string>,
): Promise<void> {
  if (reasons.size === 0) return;
  const bad = rows.flatMap((row) => {
    const reason = reasons.get(row.digest);
    return reason === undefined ? [] : [{ ...row, reason }];
  });
  const what = bad.length === 1 ? "an image" : `${bad.length} images`;
  if (ctx.params.onBadImage === "fail") {
    const lines = bad.map((row) => `${imagePath(row)}: ${row.reason}`);
    throw new StepError(
      `${what} cannot be read; the features of all others are kept:\n${lines.join("\n")}\nwith \`onBadImage: skip\` they are left out`,
    );
  }
  if (bad.length === rows.length) throw new StepError("no image can be read");
  await writeSkipped(ctx.output("features"), bad);
  const shown = some(bad.map(imagePath), 5);
  ctx.note("features", `${what} cannot be read and ${bad.length === 1 ? "is" : "are"} left out: ${shown}.`);
}
