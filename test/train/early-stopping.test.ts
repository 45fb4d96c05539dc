import { expect, test } from "vitest";
import { standingAfter } from "../../steps/train/early-stopping.ts";

test.each([
  ["gets better all along", [5, 4, 3], 1, 0, { best: 3 }],
  ["as good as the best is not better", [5, 4, 4, 4], 2, 0, { best: 2, end: 4 }],
  ["patience begins anew with a better one", [5, 6, 4, 6, 6], 2, 0, { best: 3, end: 5 }],
  ["one epoch short of patience", [5, 4, 6], 2, 0, { best: 2 }],
  ["not by enough", [5, 4.75, 4.5, 4], 2, 0.5, { best: 1, end: 3 }],
  ["in small steps, together by enough", [5, 4.75, 4.25], 3, 0.5, { best: 3 }],
  ["what comes after the end does not count", [5, 6, 1], 1, 0, { best: 1, end: 2 }],
  ["nothing yet", [], 1, 0, { best: 0 }],
])("%s", (_, losses, patience, minDelta, expected) => {
  const history = losses.map((loss, at) => ({
    epoch: at + 1,
    loss,
    accuracy: -loss,
    validationLoss: loss,
    validationAccuracy: -loss,
  }));
  for (const metric of ["loss", "accuracy", "validationLoss", "validationAccuracy"] as const) {
    expect(standingAfter(history, { metric, patience, minDelta })).toEqual(expected);
  }
});
