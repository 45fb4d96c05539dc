import type { LayerSummary, NetworkSummary } from "../../engine/machine.ts";
import { printableLine } from "../../engine/printable.ts";
import { grouped, some } from "../../engine/wording.ts";
import type { Paint } from "./paint.ts";
import { countText } from "./words.ts";

export interface LayersTextOptions {
  readonly paint: Paint;
  /** Of the terminal; infinite where a layer has one line whatever its name. */
  readonly columns: number;
}

/** A network as Keras' `summary()` shows it: layer (type), output shape, parameters, and the totals. */
export function layersText(summary: NetworkSummary, options: LayersTextOptions): string {
  const lines = [
    ...headLines(summary),
    "",
    ...tableLines(summary.layers, options),
    "",
    ...totalLines(summary),
  ];
  return lines.map((line) => `${line}\n`).join("");
}

function headLines({ name, size, sizeIs }: NetworkSummary): readonly string[] {
  const [height, width] = size;
  const head = `${printableLine(name)}, for pictures of ${height} × ${width}`;
  if (sizeIs !== "assumed") return [head];
  return [head, "It does not say how large they are: --size HxW gives the shapes for others."];
}

const header = { name: "Layer (type)", shape: "Output shape", parameters: "Param #" };
/** Before an ordinary name and the rest there is no need to be narrower than this. */
const NAME_AT_LEAST = 24;

function tableLines(
  layers: readonly LayerSummary[],
  { paint, columns }: LayersTextOptions,
): readonly string[] {
  const rows = layers.map((layer) => {
    const { name, type, shape, parameters } = layer;
    return {
      name: printableLine(name),
      type: `(${printableLine(type)})`,
      mark: markOf(layer),
      shape: shape === undefined ? "?" : `(${["None", ...shape].join(", ")})`,
      parameters: parameters === undefined ? "?" : grouped(parameters),
    };
  });
  const widest = (texts: readonly string[]): number => Math.max(...texts.map(({ length }) => length));
  const shapes = widest([header.shape, ...rows.map(({ shape }) => shape)]);
  const numbers = widest([header.parameters, ...rows.map(({ parameters }) => parameters)]);
  const room = Math.max(NAME_AT_LEAST, columns - shapes - numbers - 4);
  const label = ({ name, type, mark }: (typeof rows)[number]): string =>
    [name, type, mark].filter((part) => part !== "").join(" ");
  const names = Math.min(room, widest([header.name, ...rows.map(label)]));
  const line = (first: string, shape: string, parameters: string): string =>
    `${first}  ${shape.padEnd(shapes)}  ${parameters.padStart(numbers)}`;
  const rule = "─".repeat(names + shapes + numbers + 4);
  return [
    line(header.name.padEnd(names), header.shape, header.parameters),
    rule,
    ...rows.flatMap((row) => {
      const { shape, parameters } = row;
      const all = label(row);
      if (all.length <= names) return [line(painted(all.padEnd(names), row.mark, paint), shape, parameters)];
      // A name is there to be copied: it stays whole, on a line of its own.
      const rest = [row.type, row.mark].filter((part) => part !== "").join(" ");
      const kept = rest.length <= names - 2 ? rest : `${rest.slice(0, names - 3)}…`;
      return [row.name, line(painted(`  ${kept}`.padEnd(names), row.mark, paint), shape, parameters)];
    }),
    rule,
  ];
}

function markOf({ isDefault, lack }: LayerSummary): string {
  return isDefault ? "← default" : lack === undefined ? "" : "← not computed";
}

function painted(text: string, mark: string, paint: Paint): string {
  if (mark === "") return text;
  return text.replace(mark, mark === "← default" ? paint.green(mark) : paint.yellow(mark));
}

const SHOWN = 12;

function totalLines({ layers, parameters, weights }: NetworkSummary): readonly string[] {
  const least = parameters.isWhole ? "" : "at least ";
  const totals = [
    `Total params: ${least}${grouped(parameters.total)}`,
    `Trainable params: ${least}${grouped(parameters.trainable)}`,
    `Non-trainable params: ${least}${grouped(parameters.nonTrainable)}`,
  ];
  const lacks = layers.flatMap(({ lack }) => (lack === undefined ? [] : [`  ${printableLine(lack)}`]));
  const more = lacks.length > SHOWN ? [`  and ${lacks.length - SHOWN} more`] : [];
  return [
    ...totals,
    ...(lacks.length === 0
      ? []
      : [
          "",
          "Not computed; a cut that needs none of these is no matter:",
          ...lacks.slice(0, SHOWN),
          ...more,
        ]),
    ...(weights === undefined ? [] : ["", weightsText(weights)]),
  ];
}

function weightsText({ file, layers, lacking }: NonNullable<NetworkSummary["weights"]>): string {
  const there = `${printableLine(file)} belongs to this network: ${countText(layers, "layer")} ${layers === 1 ? "has its" : "have their"} weights there`;
  if (lacking.length === 0) return `${there}.`;
  return `${there}; none for ${some(lacking.map(printableLine), SHOWN)}, above the default cut.`;
}
