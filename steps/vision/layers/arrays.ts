import { isObject, type Json } from "../../../engine/json.ts";
import type { Tensor } from "../graph/graph.ts";

/**
 * Numbers as Keras writes them: one, lists of lists, or an array of NumPy's
 * (`{ class_name: "__numpy__", config: { value } }`, `{ type: "ndarray", value }`).
 *
 * @returns undefined where it is none of these, or the lists differ in length.
 */
export function tensorOf(json: Json): Tensor | undefined {
  const value = unwrapped(json);
  const shape: number[] = [];
  for (let inner: Json | undefined = value; Array.isArray(inner); inner = (inner as readonly Json[])[0]) {
    shape.push(inner.length);
    if (shape.length > 8) return undefined;
  }
  const flat: number[] = [];
  if (!collect(value, shape, 0, flat)) return undefined;
  return { shape, data: Float32Array.from(flat) };
}

function unwrapped(json: Json): Json {
  if (!isObject(json)) return json;
  if (json.type === "ndarray") return json.value ?? null;
  const isArray = json.class_name === "__numpy__" || json.class_name === "__tensor__";
  return isArray && isObject(json.config) ? (json.config.value ?? null) : json;
}

function collect(value: Json, shape: readonly number[], depth: number, into: number[]): boolean {
  if (depth === shape.length) {
    if (typeof value !== "number") return false;
    into.push(value);
    return true;
  }
  if (!Array.isArray(value) || value.length !== shape[depth]) return false;
  return (value as readonly Json[]).every((item) => collect(item, shape, depth + 1, into));
}
