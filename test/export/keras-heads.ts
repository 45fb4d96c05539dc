import { randomStream } from "../../steps/compute/random.ts";
import { type Activation, activationNames } from "../../steps/learning/heads/activations.ts";
import { openHead } from "../../steps/learning/heads/head.ts";
import {
  type Model,
  type ModelDescription,
  readModel,
  writeModel,
} from "../../steps/learning/heads/model.ts";
import type { Normalization } from "../../steps/learning/heads/normalization.ts";

/** A head, rows for it, and what flow makes of them. */
export interface HeadCase {
  readonly title: string;
  readonly model: Model;
  readonly rows: Float32Array;
  readonly probabilities: Float32Array;
}

export const rowLength = 37;
export const rowCount = 40;
const classes = ["ant", "bee", "cat"];

/** Every activation, every normalization, one layer to three. `folder`: for models, empty. */
export async function headCases(newFolder: () => string): Promise<readonly HeadCase[]> {
  const kinds = [undefined, "l2", "standard"] as const;
  const cases: HeadCase[] = [];
  for (const kind of kinds) {
    cases.push(await headCase(newFolder(), kind, []));
    for (const activation of activationNames) cases.push(await headCase(newFolder(), kind, [activation]));
    cases.push(await headCase(newFolder(), kind, ["gelu", "leaky_relu"]));
    cases.push(await headCase(newFolder(), kind, ["silu", "selu", "tanh"]));
  }
  return cases;
}

async function headCase(
  folder: string,
  kind: Normalization["kind"] | undefined,
  activations: readonly Activation[],
): Promise<HeadCase> {
  const title = `${[...activations, "softmax"].join(", ")} of ${kind ?? "plain"} rows`;
  const { uniform } = randomStream(5, title);
  // Between −1 and 1.
  const random = (): number => 2 * uniform() - 1;
  const numbers = (count: number, scale: number): Float32Array =>
    Float32Array.from({ length: count }, () => scale * random());
  const sizes = [rowLength, ...activations.map((_, at) => 11 + at), classes.length];
  const layers = sizes.slice(1).map((units, at) => {
    const inputs = sizes[at] as number;
    return {
      inputs,
      units,
      kernel: numbers(inputs * units, kind === "l2" ? 2 : 2 / Math.sqrt(inputs)),
      bias: numbers(units, 0.3),
    };
  });
  // Means of up to a million scales, and of no size at all.
  const scale = Float64Array.from({ length: rowLength }, () => 10 ** (4 * uniform() - 3));
  const mean = scale.map((value, at) => value * random() * 10 ** ((at % 8) - 1));
  const normalization: Normalization | undefined =
    kind === undefined ? undefined : kind === "l2" ? { kind } : { kind, mean, scale };
  const rows = Float32Array.from({ length: rowCount * rowLength }, (_, at) => {
    const place = at % rowLength;
    // The first row is all zeros.
    if (kind !== "standard") return at < rowLength ? 0 : random() * (kind === "l2" ? 50 : 1);
    return (mean[place] as number) + random() * (scale[place] as number);
  });
  const description = {
    classes,
    inputLength: rowLength,
    preprocessing: { size: [8, 8], scaling: "none" },
    extractor: { network: "none", layer: "none", weights: "none", pool: "none" },
    ...(kind === undefined ? {} : { normalize: kind }),
    layers: [
      ...activations.map((activation, at) => ({ units: sizes[at + 1] as number, activation })),
      { units: classes.length, activation: "softmax" },
    ],
  } as unknown as ModelDescription;
  await writeModel(folder, { description, layers, ...(normalization ? { normalization } : {}) });
  const head = await openHead(folder);
  const { probabilities } = await head.predict(rows.slice(), rowCount);
  await head.close();
  return { title, model: await readModel(folder), rows, probabilities };
}
