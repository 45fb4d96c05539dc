import { encodeGraph } from "../../compute/onnx/graph.ts";
import { type NumberArray, openSession } from "../../compute/onnx/session.ts";
import type { Moved, Rule, RuleStep } from "./rule.ts";

/** Moves a large kernel where it lies, in the runtime. */
export interface KernelUpdate {
  apply(update: Update): Promise<void>;
  close(): Promise<void>;
}

export interface Update {
  /** Each inputs × units. */
  readonly arrays: Moved;
  /** rows × inputs. */
  readonly x: Float32Array;
  /** The gradient of the mean loss at the products, rows × units. Overwritten. */
  readonly delta: Float32Array;
  readonly rows: number;
  readonly step: RuleStep;
}

/** Rows of the kernel that are moved at a time: small enough that its tiles stay in the processor's cache. */
const TILE = 2048;

/** About how many numbers an update takes beside what it moves: a tile of the rows, and what a rule makes of its own. */
export function numbersOfUpdate(rows: number, units: number): number {
  return TILE * (rows + 4 * units);
}

const results = { velocity: "newVelocity", square: "newSquare" } as const;

export async function openKernelUpdate(inputs: number, units: number, rule: Rule): Promise<KernelUpdate> {
  const session = await openSession(updateGraph(units, rule));
  let tile = new Float32Array(0);
  return {
    async apply(update) {
      const { arrays, x, delta, rows, step } = update;
      for (let at = 0; at < rows * units; at++) delta[at] = step.scale * (delta[at] as number);
      if (tile.length < rows * TILE) tile = new Float32Array(rows * TILE);
      const numbers = Object.entries(step.numbers).map(
        ([name, value]) => [name, { type: "float32", dims: [1], data: Float32Array.of(value) }] as const,
      );
      for (let at = 0; at < inputs; at += TILE) {
        const width = Math.min(TILE, inputs - at);
        for (let row = 0; row < rows; row++) {
          tile.set(x.subarray(row * inputs + at, row * inputs + at + width), row * width);
        }
        const matrix = (whole: Float32Array | undefined): NumberArray => {
          if (whole === undefined) throw new Error("what the optimizer remembers is missing");
          const data = whole.subarray(at * units, (at + width) * units);
          return { type: "float32", dims: [width, units], data };
        };
        const kernel = matrix(arrays.weights);
        const memory = rule.memory.map((name) => [name, matrix(arrays[name])] as const);
        await session.run(
          {
            x: { type: "float32", dims: [rows, width], data: tile.subarray(0, rows * width) },
            delta: { type: "float32", dims: [rows, units], data: delta.subarray(0, rows * units) },
            kernel,
            ...Object.fromEntries(memory),
            ...Object.fromEntries(numbers),
          },
          // The results are written over what they are made of, as the rule's nodes allow.
          {
            newKernel: kernel,
            ...Object.fromEntries(memory.map(([name, array]) => [results[name], array])),
          },
        );
      }
    },
    close: () => session.close(),
  };
}

function updateGraph(units: number, rule: Rule): Uint8Array {
  const matrix = (name: string) => ({ name, type: "float32" as const, dims: ["T", units] });
  return encodeGraph({
    name: "update",
    nodes: rule.nodes,
    initializers: [],
    inputs: [
      { name: "x", type: "float32", dims: ["N", "T"] },
      { name: "delta", type: "float32", dims: ["N", units] },
      matrix("kernel"),
      ...rule.memory.map(matrix),
      ...Object.keys(rule.at(0, 0).numbers).map((name) => ({ name, type: "float32" as const, dims: [1] })),
    ],
    outputs: [matrix("newKernel"), ...rule.memory.map((name) => matrix(results[name]))],
  });
}
