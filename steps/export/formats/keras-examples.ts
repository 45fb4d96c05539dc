import type { ModelDescription } from "../../learning/heads/model.ts";
import { choicesIn } from "../../vision/preprocessing.ts";
import type { Example } from "../format.ts";

/** How the model is used in Python. */
export function kerasExamples(
  file: string,
  { inputLength, preprocessing }: ModelDescription,
  takesPictures: boolean,
): readonly Example[] {
  const [height, width] = preprocessing.size;
  const { resize, fit } = choicesIn(preprocessing);
  const whole =
    fit === "crop" ? "keep_aspect_ratio=True, " : fit === "pad" ? "pad_to_aspect_ratio=True, " : "";
  const input = takesPictures
    ? [
        `picture = keras.utils.load_img("picture.jpg", ${whole}target_size=(${height}, ${width}), interpolation="${resize}")`,
        "rows = np.expand_dims(keras.utils.img_to_array(picture), 0)",
      ]
    : [`rows = np.load("features.npy")  # float32, pictures × ${inputLength}`];
  return [
    {
      title: "Python",
      language: "python",
      code: [
        "import json",
        "import keras",
        "import numpy as np",
        "",
        `model = keras.models.load_model("${file}")`,
        'labels = json.load(open("labels.json", encoding="utf-8"))',
        ...input,
        "for probabilities in model.predict(rows, verbose=0):",
        "    best = int(np.argmax(probabilities))",
        '    print(labels[best], f"{probabilities[best]:.4f}")',
      ].join("\n"),
    },
  ];
}
