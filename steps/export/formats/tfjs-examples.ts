import type { Example, ExportedModel } from "../format.ts";
import { pictureBrowser, pictureNode } from "./picture-examples.ts";
import { rowsBrowser, rowsNode } from "./row-examples.ts";

/** How the files are used in Node and in a browser. */
export function tfjsExamples({ model: { description }, extractor }: ExportedModel): readonly Example[] {
  const { inputLength, preprocessing } = description;
  const isWhole = extractor !== undefined;
  const shape = `[${["1", ...preprocessing.size, 3].join(", ")}]`;
  const tensor = `const rows = tf.tensor(values, [values.length / ${inputLength}, ${inputLength}]);`;
  const best = `const shares = await model.predict(rows).data();
for (let at = 0; at < shares.length; at += classes.length) {
  const row = shares.subarray(at, at + classes.length);
  const best = row.indexOf(Math.max(...row));`;
  return [
    {
      title: "Node",
      language: "js",
      code: `
// npm install @tensorflow/tfjs${isWhole ? " sharp" : ""}; node classify.mjs ${isWhole ? "photo.jpg" : "test.npy"}; @tensorflow/tfjs-node in its place is faster
import { readFileSync } from "node:fs";
import * as tf from "@tensorflow/tfjs";
${isWhole ? 'import sharp from "sharp";\n' : ""}
${
  isWhole
    ? `${pictureNode(preprocessing)}\nconst rows = tf.tensor(Float32Array.from(picture), ${shape});`
    : `${rowsNode(description)}\n${tensor}`
}
const { modelTopology, weightsManifest: [{ paths, weights }] } = JSON.parse(readFileSync("model.json", "utf8"));
const weightData = Uint8Array.from(Buffer.concat(paths.map((path) => readFileSync(path)))).buffer;
const model = await tf.loadLayersModel(tf.io.fromMemory({ modelTopology, weightSpecs: weights, weightData }));
const classes = JSON.parse(readFileSync("labels.json", "utf8"));
${best}
  console.log(classes[best], row[best]);
}`,
    },
    {
      title: "Browser",
      language: "html",
      code: `
<!-- npm install @tensorflow/tfjs; copy node_modules/@tensorflow/tfjs/dist/tf.min.js here, and serve this folder -->
<script src="tf.min.js"></script>
${
  isWhole
    ? `<input type="file" accept="image/*"><output></output>
<script>
document.querySelector("input").onchange = async ({ target: { files: [file] } }) => {
  ${pictureBrowser(preprocessing)}
  const rows = tf.tensor(Float32Array.from(picture), ${shape});
  const model = await tf.loadLayersModel("model.json");
  const classes = await (await fetch("labels.json")).json();
  const shares = await model.predict(rows).data();
  const best = shares.indexOf(Math.max(...shares));
  document.querySelector("output").textContent = classes[best] + " " + shares[best];
};
</script>`
    : `<script type="module">
${rowsBrowser(description)}
${tensor}
const model = await tf.loadLayersModel("model.json");
const classes = await (await fetch("labels.json")).json();
${best}
  document.body.append(classes[best] + " " + row[best], document.createElement("br"));
}
</script>`
}`,
    },
  ];
}
