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

/** @throws StepError naming all pictures that cannot be read, unless they are to be left out. */
export async function withoutBad(
  ctx: ExtractContext,
  rows: readonly ImageRow[],
  reasons: ReadonlyMap<string, string>,
): Promise<readonly ImageRow[]> {
  if (reasons.size === 0) return rows;
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
  const kept = rows.filter(({ digest }) => !reasons.has(digest));
  if (kept.length === 0) throw new StepError("no image can be read");
  await writeSkipped(ctx.output("features"), bad);
  const shown = some(bad.map(imagePath), 5);
  ctx.note("features", `${what} cannot be read and ${bad.length === 1 ? "is" : "are"} left out: ${shown}.`);
  return kept;
}
