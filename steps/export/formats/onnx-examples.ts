import { choicesIn } from "../../vision/preprocessing.ts";
import type { Example, ExportedModel } from "../format.ts";
import { picturePython } from "./picture-examples.ts";

/** How the file is used in Python, in Node and in a browser. */
export function onnxExamples({ model, extractor }: ExportedModel): readonly Example[] {
  const { description } = model;
  const batch = (extractor?.kind === "onnx" ? extractor.batch : undefined) ?? 1;
  if (extractor === undefined) return headExamples(description.inputLength);
  const { preprocessing } = description;
  const [height, width] = preprocessing.size;
  const { resize, fit } = choicesIn(preprocessing);
  const kernel = { nearest: "nearest", bicubic: "cubic", lanczos: "lanczos3" }[resize as string] ?? "linear";
  const repeated = batch === 1 ? "" : `.repeat(${batch}, axis=0)  # the network takes so many at a time`;
  return [
    {
      title: "Python",
      language: "python",
      code: `
import json, sys
import numpy as np
import onnxruntime as ort
from PIL import Image, ImageOps

${picturePython(preprocessing)}
pixels = np.asarray(picture, np.uint8)[None]${repeated}
session = ort.InferenceSession("model.onnx")
[probabilities] = session.run(None, {session.get_inputs()[0].name: pixels})
classes = json.load(open("labels.json", encoding="utf-8"))
print(classes[probabilities[0].argmax()], probabilities[0].max())`,
    },
    {
      title: "Node",
      language: "js",
      code: `
import { readFileSync } from "node:fs";
import { InferenceSession, Tensor } from "onnxruntime-node";
import sharp from "sharp"; // its filters are not quite Pillow's: probabilities differ a little

const picture = sharp(process.argv[2]).resize(${width}, ${height}, { fit: "${fits[fit]}", kernel: "${kernel}" });
const one = await picture.flatten().toColourspace("srgb").raw().toBuffer();
const pixels = new Tensor("uint8", ${batch === 1 ? "one" : `Buffer.concat(Array(${batch}).fill(one))`}, [${batch}, ${height}, ${width}, 3]);
const session = await InferenceSession.create("model.onnx");
const { data } = Object.values(await session.run({ [session.inputNames[0]]: pixels }))[0];
const classes = JSON.parse(readFileSync("labels.json", "utf8"));
const best = [...classes.keys()].reduce((a, b) => (data[b] > data[a] ? b : a));
console.log(classes[best], data[best]);`,
    },
    {
      title: "Browser",
      language: "html",
      code: `
<script src="ort.min.js"></script> <!-- of the npm package onnxruntime-web, with its .wasm beside it -->
<input type="file" accept="image/*"><output></output>
<script>
document.querySelector("input").onchange = async ({ target }) => {
  const canvas = new OffscreenCanvas(${width}, ${height}).getContext("2d");
  canvas.drawImage(await createImageBitmap(target.files[0]), 0, 0, ${width}, ${height});
  const one = canvas.getImageData(0, 0, ${width}, ${height}).data.filter((_, at) => at % 4 < 3);
  const pixels = new ort.Tensor("uint8", ${batch === 1 ? "Uint8Array.from(one)" : `Uint8Array.from(Array(${batch}).fill([...one]).flat())`}, [${batch}, ${height}, ${width}, 3]);
  const session = await ort.InferenceSession.create("model.onnx");
  const { data } = Object.values(await session.run({ [session.inputNames[0]]: pixels }))[0];
  const classes = await (await fetch("labels.json")).json();
  document.querySelector("output").textContent = classes.map((name, at) => name + ": " + data[at]).join(", ");
};
</script>`,
    },
  ];
}

const fits = { stretch: "fill", crop: "cover", pad: "contain" } as const;

function headExamples(length: number): readonly Example[] {
  return [
    {
      title: "Python",
      language: "python",
      code: `
import json
import numpy as np
import onnxruntime as ort

rows = np.zeros((1, ${length}), np.float32)  # features, a row a picture
session = ort.InferenceSession("model.onnx")
[probabilities] = session.run(None, {"features": rows})
classes = json.load(open("labels.json", encoding="utf-8"))
print(classes[probabilities[0].argmax()], probabilities[0].max())`,
    },
    {
      title: "Node, or a browser with onnxruntime-web",
      language: "js",
      code: `
import { InferenceSession, Tensor } from "onnxruntime-node";

const rows = new Tensor("float32", new Float32Array(${length}), [1, ${length}]); // features, a row a picture
const session = await InferenceSession.create("model.onnx");
const { probabilities } = await session.run({ features: rows });
console.log(probabilities.data); // in the order of labels.json`,
    },
  ];
}
