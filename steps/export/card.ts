import { grouped, percent } from "../../engine/wording.ts";
import type { ModelDescription } from "../learning/heads/model.ts";
import { type FeatureRow, readIndex } from "../learning/tables/features.ts";
import { type EpochLine, readHistory } from "../learning/tables/history.ts";
import { splits as allSplits } from "../learning/tables/images.ts";
import { readReport } from "../report/artifact.ts";
import { choicesIn } from "../vision/preprocessing.ts";
import type { Program } from "../vision/runtimes/runtime.ts";
import type { Example, ExportedFeatures, ExportedModel } from "./format.ts";
import { code, list, section, table, text } from "./markdown.ts";
import type { ExportInput, ExportRequest } from "./request.ts";

/** What people should know of a model before they use it, and how they do: Markdown. */
export async function modelCard(
  request: ExportRequest,
  input: ExportInput,
  { model: { description, layers }, extractor }: ExportedModel,
  examples: readonly Example[],
): Promise<string> {
  const { classes } = description;
  const weights = layers.reduce((sum, { kernel, bias }) => sum + kernel.length + bias.length, 0);
  const index = request.features === undefined ? [] : await readIndex(request.features.path);
  return [
    `# A classifier of ${classes.length} classes\n`,
    `${takes(description, extractor)} It gives the probability of each class; \`labels.json\` has the classes in order: ${some(classes)}.\n`,
    section("How it is used", examples.map(exampleText)),
    section("What it was trained and tested on", trainedOn(index, classes)),
    section("How good it is", await howGood(request, input)),
    section("Limits", [list(limits(request, input, description))]),
    section("How it was made", [
      list([
        ...extraction(description),
        `head: ${description.layers.map(({ units, activation }) => `${units} (${activation})`).join(", ")}; ${grouped(weights)} weights`,
        ...(description.normalize === undefined
          ? []
          : [`rows are normalized before the head: ${description.normalize}`]),
        `model: ${code(input.digest)}`,
        ...madeLines(request),
      ]),
    ]),
  ].join("\n");
}

function takes({ preprocessing, inputLength }: ModelDescription, extractor: Program | undefined): string {
  if (extractor === undefined) {
    return `It takes rows of ${grouped(inputLength)} features (float32), extracted as is said below.`;
  }
  const [height, width] = preprocessing.size;
  const { batch } = extractor.kind === "onnx" ? extractor : {};
  const count = batch === undefined ? "any number of pictures" : `${grouped(batch)} pictures`;
  return `It takes ${count} at a time, as pixels: RGB, uint8, ${height} rows of ${width}. They are scaled within.`;
}

/** The same of features. */
export function featuresCard(
  request: ExportRequest,
  input: ExportInput,
  { features }: ExportedFeatures,
  examples: readonly Example[],
): string {
  const { manifest, rowLength, index, classes } = features;
  return [
    `# Features of ${grouped(index.length)} pictures\n`,
    `Rows of ${grouped(rowLength)} numbers (${manifest.dtype}), in the order of \`index.csv\`. \`labels.json\` has the classes in the order of their labels: ${some(classes)}.\n`,
    section("How they are used", examples.map(exampleText)),
    section("Of what", trainedOn(index, classes)),
    ...(input.notes.length === 0 ? [] : [section("Notes", [list(input.notes.map(text))])]),
    section("How they were made", [
      list([
        ...extraction({ extractor: manifest, preprocessing: manifest.preprocessing }),
        `features: ${code(input.digest)}`,
        ...madeLines(request),
      ]),
    ]),
  ].join("\n");
}

function exampleText({ title, language, code: lines }: Example): string {
  return `### ${title}\n\n\`\`\`${language}\n${lines.trim()}\n\`\`\`\n`;
}

const SHOWN = 20;

function some(classes: readonly string[]): string {
  const rest = classes.length - SHOWN;
  return `${classes.slice(0, SHOWN).map(text).join(", ")}${rest > 0 ? ` and ${grouped(rest)} more` : ""}`;
}

/** Pictures by class and split. */
function trainedOn(index: readonly FeatureRow[], classes: readonly string[]): readonly string[] {
  if (index.length === 0) return ["Not said here: no features were given to the export.\n"];
  const splits = allSplits.filter((split) => index.some((row) => row.split === split));
  const counts = new Map<string, number>();
  for (const { split, label } of index) {
    const key = `${label} ${split}`;
    counts.set(key, (counts.get(key) ?? 0) + 1);
  }
  const rows = classes
    .slice(0, SHOWN)
    .map((name, label) => [
      text(name),
      ...splits.map((split) => grouped(counts.get(`${label} ${split}`) ?? 0)),
    ]);
  const totals = splits.map((split) => grouped(index.filter((row) => row.split === split).length));
  return [table(["pictures of", ...splits.map(text)], [...rows, [allOf(classes.length), ...totals]])];
}

function allOf(classes: number): string {
  return classes > SHOWN ? `all ${grouped(classes)} classes` : "all";
}

async function howGood({ report: given }: ExportRequest, input: ExportInput): Promise<readonly string[]> {
  const found = given === undefined ? undefined : await readReport(given.path);
  const history = await readHistory(input);
  const last = history.at(-1);
  const lines = last === undefined ? [] : [lastEpoch(last, history.length)];
  if (found === undefined) {
    return [
      list([
        ...lines,
        "on pictures that it was not trained on: not said here, no report was given to the export",
      ]),
    ];
  }
  const { report } = found;
  const interval = report.intervals.accuracy;
  return [
    list([
      `accuracy on the test pictures: ${percent(report.accuracy)}, 95 % interval ${percent(interval.low)} to ${percent(interval.high)}`,
      `macro F1: ${percent(report.macro.f1)}; balanced accuracy: ${percent(report.balancedAccuracy)}`,
      ...lines,
    ]),
    ...(report.classes.length > SHOWN ? [`The first ${SHOWN} classes; the report has all.\n`] : []),
    table(
      ["class", "precision", "recall", "F1", "pictures"],
      report.classes
        .slice(0, SHOWN)
        .map(({ class: name, precision, recall, f1, support }) => [
          text(name),
          ...[precision, recall, f1].map(percent),
          grouped(support),
        ]),
    ),
  ];
}

function lastEpoch({ accuracy, validationAccuracy }: EpochLine, epochs: number): string {
  const validation =
    validationAccuracy === undefined ? "" : `, on validation pictures ${percent(validationAccuracy)}`;
  return `as its training went: accuracy on training pictures ${percent(accuracy)}${validation} in the last of ${grouped(epochs)} epochs`;
}

function limits(
  { include, format }: ExportRequest,
  input: ExportInput,
  { extractor, preprocessing }: ModelDescription,
): readonly string[] {
  const { runtime = "onnxruntime", precision = "float32", dtype = "float32" } = extractor;
  const { resize, fit, orient } = choicesIn(preprocessing);
  const computed = `${runtime} in ${precision}`;
  return [
    ...input.notes.map(text),
    "it names one of its classes for every picture, also for one that shows none of them",
    "how good it is on pictures of another kind than these is not known",
    ...(include === "all"
      ? [
          `pictures have to be brought to size as for its training (filter ${resize}, ${fit}${orient ? ", turned as EXIF says" : ""}): another way changes probabilities`,
        ]
      : []),
    ...(computed === "onnxruntime in float32"
      ? []
      : [`its features were computed by ${computed}: elsewhere probabilities may differ a little`]),
    ...(dtype === "float32" || (include === "all" && format === "onnx")
      ? []
      : ["its features were rounded to float16 before they were trained on; that is not part of the files"]),
  ];
}

function extraction({
  extractor: { network, weights, layer, pool },
  preprocessing,
}: Pick<ModelDescription, "preprocessing"> & {
  readonly extractor: Pick<ModelDescription["extractor"], "network" | "weights" | "layer" | "pool">;
}): readonly string[] {
  const layers = [layer].flat().map(code);
  const pooled = pool === "none" ? "flattened in H, W, C order" : `pooled (${text(pool)})`;
  return [
    `features: network ${text(network)}, weights ${text(weights)}, layer ${layers.join(", ")}, ${pooled}`,
    `preprocessing: ${code(JSON.stringify(preprocessing))}`,
  ];
}

function madeLines({ made }: ExportRequest): readonly string[] {
  if (made === undefined) return [];
  const { run, pipeline } = made;
  return [`by the run ${text(run)}${pipeline === undefined ? "" : ` of ${text(pipeline)}`}`];
}
