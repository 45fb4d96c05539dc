import {
  arraysOfRule,
  type Kernel,
  type KernelOptions,
  type KernelRule,
  memoryByRows,
  nodeNames,
  scale,
  tileRows,
} from "../kernel.ts";
import { encodeGraph } from "./graph.ts";
import { openProducts } from "./products.ts";
import { type NumberArray, openSession } from "./session.ts";

const TILE = tileRows.onnxruntime;

/** A kernel that lives in its arrays: the runtime multiplies and moves it where it lies. */
export async function openKernel({ inputs, units, arrays, rule }: KernelOptions): Promise<Kernel> {
  const session = await openSession(moveGraph(units, rule));
  const products = openProducts();
  const all = arraysOfRule(rule, arrays);
  const [ahead, behind] = [memoryByRows(units), memoryByRows(inputs)];
  let tile = new Float32Array(0);
  let last: { readonly x: Float32Array; readonly rows: number } = { x: new Float32Array(0), rows: 0 };
  return {
    async forward(x, rows) {
      const into = ahead(rows);
      await products.times(x, arrays.weights, { m: rows, k: inputs, n: units }, into);
      last = { x, rows };
      return into;
    },
    async back(delta) {
      const into = behind(last.rows);
      await products.timesTransposed(delta, arrays.weights, { m: last.rows, k: units, n: inputs }, into);
      return into;
    },
    async move(given, step) {
      const { x, rows } = last;
      const delta = given.subarray(0, rows * units);
      scale(delta, step.scale);
      if (tile.length < rows * TILE) tile = new Float32Array(rows * TILE);
      const numbers = Object.entries(step.numbers).map(
        ([name, value]) => [name, { type: "float32", dims: [1], data: Float32Array.of(value) }] as const,
      );
      for (let at = 0; at < inputs; at += TILE) {
        const width = Math.min(TILE, inputs - at);
        for (let row = 0; row < rows; row++) {
          tile.set(x.subarray(row * inputs + at, row * inputs + at + width), row * width);
        }
        const parts = all.map(([name, array]) => {
          const data = array.subarray(at * units, (at + width) * units);
          return [name, { type: "float32", dims: [width, units], data } satisfies NumberArray] as const;
        });
        await session.run(
          {
            x: { type: "float32", dims: [rows, width], data: tile.subarray(0, rows * width) },
            delta: { type: "float32", dims: [rows, units], data: delta },
            ...Object.fromEntries(parts.map(([name, part]) => [nodeNames[name][0], part])),
            ...Object.fromEntries(numbers),
          },
          // The results are written over what they are made of, as the rule's nodes allow.
          Object.fromEntries(parts.map(([name, part]) => [nodeNames[name][1], part])),
        );
      }
    },
    read: async () => {},
    write: async () => {},
    async close() {
      await products.close();
      await session.close();
    },
  };
}

function moveGraph(units: number, rule: KernelRule): Uint8Array {
  const matrix = (name: string) => ({ name, type: "float32" as const, dims: ["T", units] });
  const names = (["weights", ...rule.memory] as const).map((name) => nodeNames[name]);
  return encodeGraph({
    name: "move",
    nodes: rule.nodes,
    initializers: [],
    inputs: [
      { name: "x", type: "float32", dims: ["N", "T"] },
      { name: "delta", type: "float32", dims: ["N", units] },
      ...names.map(([before]) => matrix(before)),
      ...Object.keys(rule.at(0, 0).numbers).map((name) => ({ name, type: "float32" as const, dims: [1] })),
    ],
    outputs: names.map(([, after]) => matrix(after)),
  });
}
