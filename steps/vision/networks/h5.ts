import h5wasm, { type Attribute, Dataset, File, Group } from "h5wasm/node";
import { StepError } from "../../../engine/step-type.ts";
import { roleOf, type Tensor, type Weights } from "./topology.ts";

/**
 * Reads weights in Keras' .h5 format (keras/src/legacy/saving/legacy_h5_format.py):
 * the attribute `layer_names` names the groups, each group's `weight_names` its
 * data sets; long lists are split into `layer_names0`, `layer_names1`, …
 *
 * @throws StepError where the file is no such file, or is the ResNet-50 file of 2015 to 2019.
 */
export async function readH5Weights(path: string): Promise<Weights> {
  const library = await h5wasm.ready;
  // Errors as exceptions, not as pages on stderr.
  library.activate_throwing_error_handler();
  const file = openFile(path);
  try {
    // A whole model keeps its weights one level down.
    const inner = file.get("model_weights");
    const root = inner instanceof Group ? inner : file;
    const layers = names(root, "layer_names");
    if (layers === undefined) throw new StepError(`${path} holds no Keras weights: it has no layer_names`);
    refuseOldResnet(layers, path);
    const weights = new Map<string, Readonly<Record<string, Tensor>>>();
    for (const layer of layers) {
      const group = root.get(layer);
      if (!(group instanceof Group))
        throw new StepError(`${path} names the layer ${layer} but does not hold it`);
      weights.set(layer, readLayer(group, layer, path));
    }
    return weights;
  } catch (error) {
    if (error instanceof StepError) throw error;
    throw new StepError(`${path} is damaged: ${(error as Error).message.split("\n")[0]}`);
  } finally {
    file.close();
  }
}

function openFile(path: string): File {
  try {
    return new File(path, "r");
  } catch {
    throw new StepError(`${path} is no HDF5 file, or is cut short`);
  }
}

function names(group: Group, attribute: string): readonly string[] | undefined {
  const { attrs } = group;
  const whole = attrs[attribute];
  if (whole !== undefined) return strings(whole);
  const parts: string[] = [];
  for (let at = 0; attrs[`${attribute}${at}`] !== undefined; at++) {
    parts.push(...strings(attrs[`${attribute}${at}`] as Attribute));
  }
  return parts.length > 0 ? parts : undefined;
}

function strings(attribute: Attribute): readonly string[] {
  const { value } = attribute;
  if (Array.isArray(value)) return value.map(String);
  // An empty list has no text but a typed array.
  return typeof value === "string" ? [value] : [];
}

function readLayer(group: Group, layer: string, path: string): Readonly<Record<string, Tensor>> {
  const tensors: Record<string, Tensor> = {};
  for (const name of names(group, "weight_names") ?? []) {
    const data = group.get(name);
    if (!(data instanceof Dataset))
      throw new StepError(`${path} names the weight ${name} of ${layer} but does not hold it`);
    const { value, shape } = data;
    if (!(value instanceof Float32Array) || shape === null) {
      throw new StepError(`${path}: the weight ${name} of ${layer} is not float32`);
    }
    tensors[roleOf(name)] = { shape, data: value };
  }
  return tensors;
}

/** The file of that time has the same name and belongs to a graph with other layers and another epsilon. */
function refuseOldResnet(layers: readonly string[], path: string): void {
  if (!layers.includes("res2a_branch2a")) return;
  throw new StepError(
    `${path} holds ResNet-50 weights of 2015 to 2019, for a graph with other layer names and another epsilon; ` +
      "get the current file, which has layers like conv2_block1_1_conv",
  );
}
