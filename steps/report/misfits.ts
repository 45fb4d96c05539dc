import { canonicalJson, type Json } from "../../engine/json.ts";
import { StepError } from "../../engine/step-type.ts";
import type { Features } from "../learning/features/rows.ts";
import type { Head } from "../learning/heads/head.ts";
import type { ImageRow } from "../learning/tables/images.ts";
import { choicesIn } from "../vision/preprocessing.ts";

/**
 * Inputs that belong to different data would give figures that mean nothing.
 *
 * @param test positions of the test rows.
 * @returns sentences on differences that the figures survive.
 * @throws StepError naming all that does not fit.
 */
export function refuseMisfits(
  features: Features,
  head: Head,
  test: readonly number[],
  images: readonly ImageRow[],
): readonly string[] {
  if (test.length === 0) {
    throw new StepError(
      "the features hold no images of the split test: let the organize step deal some out, `splits: { train: 0.8, validation: 0.1, test: 0.1 }`, or name the folder of them",
    );
  }
  refuseOtherFeatures(features, head);
  if (canonicalJson(head.classes) !== canonicalJson(features.classes)) {
    throw new StepError(
      `the model knows the classes ${head.classes.join(", ")}; the features have ${features.classes.join(", ")}`,
    );
  }
  const known = new Set(images.map(({ digest }) => digest));
  const strange = test.filter((at) => !known.has(features.index[at]?.digest ?? ""));
  if (strange.length > 0) {
    throw new StepError(`${strange.length} test images of the features are not among the images given`);
  }
  return (["runtime", "precision", "dtype"] as const).flatMap((name) => {
    // What was made before there was a choice has none.
    const [was = "float32", is = "float32"] = [head.description.extractor[name], features.manifest[name]];
    return was === is ? [] : [`the model was trained on features of the ${name} ${was}; these are of ${is}.`];
  });
}

/** Rows of the same length can be something else altogether. */
function refuseOtherFeatures({ manifest, rowLength }: Features, { description }: Head): void {
  const { extractor, preprocessing, inputLength } = description;
  const [was, is] = [choicesIn(preprocessing), choicesIn(manifest.preprocessing)];
  const members: readonly (readonly [string, Json, Json])[] = [
    ["network", extractor.network, manifest.network],
    ["weights", extractor.weights, manifest.weights],
    ["layer", extractor.layer, manifest.layer],
    ["pool", extractor.pool, manifest.pool],
    ["input size", [...preprocessing.size], [...manifest.preprocessing.size]],
    ["scaling", preprocessing.scaling as Json, manifest.preprocessing.scaling as Json],
    ["resize", was.resize, is.resize],
    ["fit", was.fit, is.fit],
    ["orient", was.orient, is.orient],
    ["length of a row", inputLength, rowLength],
  ];
  const other = members
    .filter(([, was, is]) => canonicalJson(was) !== canonicalJson(is))
    .map(([name, was, is]) => `${name} ${text(was)}, here ${text(is)}`);
  if (other.length > 0) {
    throw new StepError(`the model was trained on other features than these: ${other.join("; ")}`);
  }
}

function text(value: Json): string {
  return typeof value === "string" ? value : canonicalJson(value);
}
