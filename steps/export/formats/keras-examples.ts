import type { Example, ExportedModel } from "../format.ts";
import { picturePython } from "./picture-examples.ts";
import { rowsRemark } from "./row-examples.ts";

/** How the file is used in Python. */
export function kerasExamples(
  file: string,
  { model: { description }, extractor }: ExportedModel,
): readonly Example[] {
  const { preprocessing } = description;
  const isWhole = extractor !== undefined;
  const input = isWhole
    ? `${picturePython(preprocessing)}\nrows = np.asarray(picture, np.float32)[None]`
    : `rows = np.load(sys.argv[1]).astype(np.float32)  # ${rowsRemark(description)}`;
  return [
    {
      title: "Python",
      language: "python",
      code: `
# pip install keras${isWhole ? " pillow" : ""}, and TensorFlow, JAX or PyTorch; python classify.py ${isWhole ? "photo.jpg" : "test.npy"}
import json, sys
import keras
import numpy as np
${isWhole ? "from PIL import Image, ImageOps\n" : ""}
${input}
model = keras.models.load_model("${file}")
classes = json.load(open("labels.json", encoding="utf-8"))
for row in model.predict(rows, verbose=0):
    print(classes[row.argmax()], row.max())`,
    },
  ];
}
