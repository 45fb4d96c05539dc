import { copyFileSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { repository } from "../cli/flow.ts";
import { type Content, contentOf } from "./state.ts";

/** Golden pictures by the names they have in the project: the name's first letter is the class. */
const photos = {
  few: { "0_1.jpg": "rgb.jpg", "1_1.jpg": "grey.jpg" },
  more: { "0_1.jpg": "rgb.jpg", "1_1.jpg": "grey.jpg", "1_2.jpg": "progressive.jpg" },
  swapped: { "0_1.jpg": "grey.jpg", "1_1.jpg": "rgb.jpg" },
} as const;
export type Photos = keyof typeof photos;

/** Makes a project of three steps, a second or less to run. */
export function build(project: string): void {
  mkdirSync(join(project, "net"), { recursive: true });
  writeFileSync(join(project, "net/model.json"), JSON.stringify(network));
  writeFileSync(join(project, "net/one.bin"), Float32Array.from([1, 2, 3, 4, 5, 6, 7, 8]));
  setPhotos(project, "few");
  setWord(project, "one");
}

/** The input of the first step. */
export function setPhotos(project: string, name: Photos): void {
  const folder = join(project, "photos/train");
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  for (const [photo, golden] of Object.entries(photos[name])) {
    copyFileSync(join(repository, "test/golden/pixels", golden), join(folder, photo));
  }
}

/** A parameter of the last step. */
export function setWord(project: string, word: string): void {
  writeFileSync(join(project, "p.yaml"), pipeline(word));
}

/** One step that writes so many files that they are not synced one by one. */
export function setManyFiles(project: string): void {
  writeFileSync(join(project, "p.yaml"), manyFiles);
}

/** The user's own files, which no run may touch. */
export function sourcesOf(project: string): Content {
  return new Map([...contentOf(join(project, "photos")), ...contentOf(join(project, "net"))]);
}

/** Three steps that write in every way there is: files one by one, a store, a program. */
const pipeline = (word: string): string => `
name: torture
steps:
  splits:
    uses: organize
    inputs: { source: ./photos }
    with:
      splits: { train: train }
      classes: { "0": dark, "1": light }
  features:
    uses: extract
    inputs: { images: splits.images, network: ./net }
    with: { layer: conv, input: { size: [8, 8], scaling: none }, threads: 1 }
  table:
    uses: command
    inputs: { features: features.features }
    with:
      outputs: [table]
      run:
        - sh
        - -c
        - mkdir $2/deep && cp $1/index.csv $2/deep/ && echo ${word} > $2/word && chmod +x $2/word
        - sh
        - "\${inputs.features}"
        - "\${outputs.table}"
`;

const network = {
  modelTopology: {
    class_name: "Sequential",
    config: {
      name: "tiny",
      layers: [
        {
          class_name: "Conv2D",
          config: {
            name: "conv",
            filters: 2,
            kernel_size: [1, 1],
            strides: [1, 1],
            padding: "valid",
            batch_input_shape: [null, 8, 8, 3],
          },
        },
      ],
    },
  },
  weightsManifest: [
    {
      paths: ["one.bin"],
      weights: [
        { name: "conv/kernel", shape: [1, 1, 3, 2], dtype: "float32" },
        { name: "conv/bias", shape: [2], dtype: "float32" },
      ],
    },
  ],
};

const manyFiles = `
name: many
steps:
  many:
    uses: command
    with:
      outputs: [files]
      run: [sh, -c, "for i in $(seq 80); do echo $i > $1/$i; done", sh, "\${outputs.files}"]
`;
