import type { RunRecord } from "../../engine/record/run-record.ts";
import { randomStream } from "../../steps/compute/random.ts";
import { softmax } from "../../steps/learning/heads/scores.ts";
import type { Example } from "../../steps/report/artifact.ts";
import { classify } from "../../steps/report/classification.ts";
import { measuring } from "../../steps/report/measure.ts";
import type { PageContent } from "../../steps/report/page/page.ts";
import { reportOf } from "../../steps/report/report-of.ts";

/** A picture of one pixel. */
const pixel =
  "/9j/4AAQSkZJRgABAQEASABIAAD/2wBDAAMCAgICAgMCAgIDAwMDBAYEBAQEBAgGBgUGCQgKCgkICQkKDA8MCgsOCwkJDRENDg8QEBEQCgwSExIQEw8QEBD/yQALCAABAAEBAREA/8wABgAQEAX/2gAIAQEAAD8A0s8g/9k=";

/** What a page shows of so many pictures of so many classes, with features that a seed draws. */
export function pageContent({
  classes,
  count,
  name = (label) => `class ${label}`,
}: {
  readonly classes: number;
  readonly count: number;
  name?(label: number): string;
}): PageContent {
  const random = randomStream(7, "page");
  const names = Array.from({ length: classes }, (_, label) => name(label));
  const measured = measuring(count, classes, 64);
  const probabilities = new Float32Array(classes);
  const row = new Float32Array(64);
  for (let at = 0; at < count; at++) {
    const label = at % classes;
    for (let one = 0; one < 64; one++) row[one] = random.uniform() + (one % classes === label ? 2 : 0);
    measured.see(row);
    for (let one = 0; one < classes; one++) probabilities[one] = random.uniform() * 4;
    probabilities[label] = (probabilities[label] as number) + random.uniform() * 6;
    const values = softmax(probabilities, 1);
    measured.add(label, values.indexOf(Math.max(...values)), values);
  }
  const figures = measured.figures();
  const { truth, predicted, confidence, curves, examples } = figures;
  const shown = (positions: readonly number[]): Example[] =>
    positions.map((at) => ({
      file: `${name(truth[at] as number)}/${at}.jpg`,
      label: truth[at] as number,
      predicted: predicted[at] as number,
      confidence: confidence[at] as number,
      thumbnail: "thumbnails/one.jpg",
    }));
  const history = Array.from({ length: 12 }, (_, at) => ({
    epoch: at + 1,
    loss: 1 / (at + 1),
    accuracy: 1 - 0.5 / (at + 1),
    validationLoss: 1.1 / (at + 1),
    validationAccuracy: 1 - 0.6 / (at + 1),
  }));
  return {
    report: reportOf(classify(truth, predicted, names), figures, [`a note on ${name(0)}`]),
    figures: {
      format: 1,
      roc: curves.roc,
      precisionRecall: curves.precisionRecall,
      history,
      map: figures.map,
      mistakes: shown(examples.mistakes),
      doubts: shown(examples.doubts),
    },
    thumbnails: new Map([["thumbnails/one.jpg", pixel]]),
    record: recordOf(name(1)),
    pipeline: `name: page\n# ${name(2)}\n`,
  };
}

function recordOf(word: string): RunRecord {
  return {
    id: "2026-03-01T10-22-31-page-7f3a",
    pipeline: "page",
    file: "page.yaml",
    outcome: "ok",
    started: "2026-03-01T10:22:31.000Z",
    seconds: 61.2,
    host: "host",
    pid: 1,
    params: { epochs: 25, word },
    environment: { flow: "0.1.0", node: "v20.0.0", platform: "linux-x64" },
    steps: {
      head: {
        uses: "train",
        outcome: "ran",
        reasons: [],
        key: "sha256:00",
        params: { runtime: "onnxruntime", word },
        inputs: { features: "sha256:11" },
        outputs: { model: { digest: "sha256:22", bytes: 1, notes: [] } },
        seconds: 2.5,
        attempts: 1,
        metrics: { device: "cpu" },
      },
    },
  };
}
