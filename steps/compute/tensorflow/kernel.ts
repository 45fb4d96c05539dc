import {
  arraysOfRule,
  type Kernel,
  type KernelNode,
  type KernelOptions,
  type Moved,
  memoryByRows,
  nodeNames,
  scale,
  tileRows,
} from "../kernel.ts";
import { product } from "./products.ts";
import type { Tensor, TensorflowSession } from "./session.ts";

const TILE = tileRows.tensorflow;

/** A part of the kernel, and of what is remembered of it: width × units each. */
interface Tile {
  readonly first: number;
  readonly width: number;
  readonly tensors: Map<keyof Moved, Tensor>;
}

/** A kernel that stays on the device. */
export function openKernel(
  session: TensorflowSession,
  { inputs, units, arrays, rule }: KernelOptions,
): Kernel {
  const { tf, upload, download } = session;
  const all = arraysOfRule(rule, arrays);
  const [ahead, behind] = [memoryByRows(units), memoryByRows(inputs)];
  const tiles = Array.from({ length: Math.ceil(inputs / TILE) }, (_, at): Tile => {
    return { first: at * TILE, width: Math.min(TILE, inputs - at * TILE), tensors: new Map() };
  });
  const partOf = (array: Float32Array, { first, width }: Tile): Float32Array =>
    array.subarray(first * units, (first + width) * units);
  const put = ({ tensors }: Tile, name: keyof Moved, tensor: Tensor): void => {
    tensors.get(name)?.dispose();
    tensors.set(name, tensor);
  };
  const weightsOf = ({ tensors }: Tile): Tensor => tensors.get("weights") as Tensor;
  const write = (): void => {
    for (const tile of tiles) {
      for (const [name, array] of all) put(tile, name, upload(partOf(array, tile), [tile.width, units]));
    }
  };
  /** The rows that went forward last, by tile. */
  let last: { readonly parts: readonly Tensor[]; readonly rows: number } = { parts: [], rows: 0 };
  let isRead = true;
  write();
  return {
    async forward(x, rows) {
      for (const part of last.parts) part.dispose();
      const parts = tf.tidy(() => {
        const whole = upload(x.subarray(0, rows * inputs), [rows, inputs]);
        return tiles.map(({ first, width }) => tf.slice(whole, [0, first], [rows, width]));
      });
      last = { parts, rows };
      const into = ahead(rows);
      tf.tidy(() => {
        const products = tiles.map((tile, at) => product(session, parts[at] as Tensor, weightsOf(tile)));
        download(tf.addN(products), into);
      });
      return into;
    },
    async back(delta) {
      const { rows } = last;
      const into = behind(rows);
      tf.tidy(() => {
        const sums = upload(delta.subarray(0, rows * units), [rows, units]);
        const parts = tiles.map((tile) => product(session, sums, weightsOf(tile), "b"));
        download(tf.concat(parts, 1), into);
      });
      return into;
    },
    async move(given, step) {
      const { parts, rows } = last;
      const delta = given.subarray(0, rows * units);
      scale(delta, step.scale);
      tf.tidy(() => {
        const common = new Map([["delta", upload(delta, [rows, units])]]);
        for (const [name, value] of Object.entries(step.numbers)) {
          common.set(name, upload(Float32Array.of(value), []));
        }
        for (const [at, tile] of tiles.entries()) {
          const named = [...tile.tensors].map(([name, tensor]) => [nodeNames[name][0], tensor] as const);
          const moved = tf.tidy(() => {
            const values = new Map([...common, ...named, ["x", parts[at] as Tensor]]);
            for (const node of rule.nodes)
              values.set(node.outputs[0] as string, compute(session, node, values));
            return all.map(([name]) => values.get(nodeNames[name][1]) as Tensor);
          });
          for (const [at, [name]] of all.entries()) put(tile, name, tf.keep(moved[at] as Tensor));
        }
      });
      isRead = false;
    },
    async read() {
      if (isRead) return;
      for (const tile of tiles) {
        for (const [name, array] of all) download(tile.tensors.get(name) as Tensor, partOf(array, tile));
      }
      isRead = true;
    },
    async write() {
      write();
      isRead = true;
    },
    async close() {
      for (const part of last.parts) part.dispose();
      for (const { tensors } of tiles) for (const tensor of tensors.values()) tensor.dispose();
    },
  };
}

const binary = { Add: "AddV2", Sub: "Sub", Mul: "Mul", Div: "RealDiv" } as const;

function compute(
  session: TensorflowSession,
  { op, inputs, attributes = {} }: KernelNode,
  values: ReadonlyMap<string, Tensor>,
): Tensor {
  const { upload, operation } = session;
  const taken = inputs.map((name) => values.get(name) as Tensor);
  switch (op) {
    case "Gemm": {
      const [a, b, c] = taken as [Tensor, Tensor, Tensor | undefined];
      const gradient = product(session, a, b, "a");
      if (c === undefined) return gradient;
      const { beta } = attributes;
      const factor = upload(Float32Array.of(beta !== undefined && "float" in beta ? beta.float : 1), []);
      return operation("AddV2", {}, [operation("Mul", {}, [c, factor]), gradient]);
    }
    case "Sqrt":
      return operation("Sqrt", {}, taken);
    case "Add":
    case "Sub":
    case "Mul":
    case "Div":
      return operation(binary[op], {}, taken);
    default:
      return op satisfies never;
  }
}
