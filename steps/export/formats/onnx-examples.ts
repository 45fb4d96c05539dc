import type { ModelDescription } from "../../learning/heads/model.ts";
import type { Preprocessing } from "../../vision/preprocessing.ts";
import type { Example, ExportedModel } from "../format.ts";
import { tensorNamesIn } from "./onnx-names.ts";
import { pictureBrowser, pictureNode, picturePython } from "./picture-examples.ts";
import { rowsBrowser, rowsNode, rowsRemark } from "./row-examples.ts";

/** How the file is used in Python, in Node and in a browser. */
export function onnxExamples({ model, extractor }: ExportedModel): readonly Example[] {
  const { preprocessing } = model.description;
  if (extractor === undefined) return headExamples(model.description);
  const batch = (extractor.kind === "onnx" ? extractor.batch : undefined) ?? 1;
  return wholeExamples(preprocessing, { batch, ...tensorNamesIn(extractor) });
}

interface Tensors {
  /** How many pictures it takes at a time. */
  readonly batch: number;
  readonly pixels: string;
  readonly probabilities: string;
}

function wholeExamples(
  preprocessing: Preprocessing,
  { batch, pixels, probabilities }: Tensors,
): readonly Example[] {
  const dims = `[${[batch, ...preprocessing.size, 3].join(", ")}]`;
  const several = `the network takes ${batch} pictures at a time`;
  const remark = batch === 1 ? "" : ` // ${several}`;
  const array =
    batch === 1
      ? "Uint8Array.from(picture)"
      : `Uint8Array.from({ length: ${batch} * picture.length }, (_, at) => picture[at % picture.length])`;
  return [
    {
      title: "Python",
      language: "python",
      code: `
# pip install onnxruntime numpy pillow; python classify.py photo.jpg
import json, sys
import numpy as np
import onnxruntime as ort
from PIL import Image, ImageOps

${picturePython(preprocessing)}
pixels = np.asarray(picture, np.uint8)[None]${batch === 1 ? "" : `.repeat(${batch}, axis=0)  # ${several}`}
session = ort.InferenceSession("model.onnx")
[probabilities] = session.run(["${probabilities}"], {"${pixels}": pixels})
classes = json.load(open("labels.json", encoding="utf-8"))
print(classes[probabilities[0].argmax()], probabilities[0].max())`,
    },
    {
      title: "Node",
      language: "js",
      code: `
// npm install onnxruntime-node sharp; node classify.mjs photo.jpg
import { readFileSync } from "node:fs";
import { InferenceSession, Tensor } from "onnxruntime-node";
import sharp from "sharp";

${pictureNode(preprocessing)}
const ${pixels} = new Tensor("uint8", ${array}, ${dims});${remark}
const session = await InferenceSession.create("model.onnx");
const { data: shares } = (await session.run({ ${pixels} })).${probabilities};
const classes = JSON.parse(readFileSync("labels.json", "utf8"));
const best = classes.reduce((best, _, at) => (shares[at] > shares[best] ? at : best), 0);
console.log(classes[best], shares[best]);`,
    },
    {
      title: "Browser",
      language: "html",
      code: `
<!-- npm install onnxruntime-web; copy node_modules/onnxruntime-web/dist/* here, and serve this folder -->
<script src="ort.min.js"></script>
<input type="file" accept="image/*"><output></output>
<script>
document.querySelector("input").onchange = async ({ target: { files: [file] } }) => {
  ${pictureBrowser(preprocessing)}
  const ${pixels} = new ort.Tensor("uint8", ${array}, ${dims});${remark}
  const session = await ort.InferenceSession.create("model.onnx");
  const { data: shares } = (await session.run({ ${pixels} })).${probabilities};
  const classes = await (await fetch("labels.json")).json();
  const best = classes.reduce((best, _, at) => (shares[at] > shares[best] ? at : best), 0);
  document.querySelector("output").textContent = classes[best] + " " + shares[best];
};
</script>`,
    },
  ];
}

function headExamples(description: ModelDescription): readonly Example[] {
  const { inputLength: length } = description;
  const features = (name: string): string =>
    `const features = new ${name}("float32", values, [values.length / ${length}, ${length}]);`;
  return [
    {
      title: "Python",
      language: "python",
      code: `
# pip install onnxruntime numpy; python classify.py test.npy
import json, sys
import numpy as np
import onnxruntime as ort

rows = np.load(sys.argv[1]).astype(np.float32)  # ${rowsRemark(description)}
session = ort.InferenceSession("model.onnx")
[probabilities] = session.run(["probabilities"], {"features": rows})
classes = json.load(open("labels.json", encoding="utf-8"))
for row in probabilities:
    print(classes[row.argmax()], row.max())`,
    },
    {
      title: "Node",
      language: "js",
      code: `
// npm install onnxruntime-node; node classify.mjs test.npy
import { readFileSync } from "node:fs";
import { InferenceSession, Tensor } from "onnxruntime-node";

${rowsNode(description)}
${features("Tensor")}
${headLines("InferenceSession", 'JSON.parse(readFileSync("labels.json", "utf8"))')}
  console.log(classes[best], row[best]);
}`,
    },
    {
      title: "Browser",
      language: "html",
      code: `
<!-- npm install onnxruntime-web; copy node_modules/onnxruntime-web/dist/* here, and serve this folder -->
<script src="ort.min.js"></script>
<script type="module">
${rowsBrowser(description)}
${features("ort.Tensor")}
${headLines("ort.InferenceSession", 'await (await fetch("labels.json")).json()')}
  document.body.append(classes[best] + " " + row[best], document.createElement("br"));
}
</script>`,
    },
  ];
}

function headLines(session: string, classes: string): string {
  return `
const session = await ${session}.create("model.onnx");
const { probabilities } = await session.run({ features });
const classes = ${classes};
for (let at = 0; at < probabilities.data.length; at += classes.length) {
  const row = probabilities.data.subarray(at, at + classes.length);
  const best = row.indexOf(Math.max(...row));`.trimStart();
}
