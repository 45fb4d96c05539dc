import { encodeGraph } from "./graph.ts";
import { openSession, type Session } from "./session.ts";

/** Products of float32 matrices, row-major, in the runtime. Of results the first m × n values are written. */
export interface Products {
  /** m × k times the transpose of n × k. */
  timesTransposed(a: Float32Array, b: Float32Array, sizes: Sizes, into: Float32Array): Promise<void>;
  /** m × k times k × n. */
  times(a: Float32Array, b: Float32Array, sizes: Sizes, into: Float32Array): Promise<void>;
  /** The transpose of k × m times k × n, added to `into`. */
  addTransposedTimes(a: Float32Array, b: Float32Array, sizes: Sizes, into: Float32Array): Promise<void>;
  close(): Promise<void>;
}

export interface Sizes {
  readonly m: number;
  readonly k: number;
  readonly n: number;
}

/** Each kind of product is made ready when it is first asked for. */
export function openProducts(): Products {
  const sessions = new Map<string, Promise<Session>>();
  const session = (name: string, open: () => Promise<Session>): Promise<Session> => {
    const opened = sessions.get(name) ?? open();
    sessions.set(name, opened);
    return opened;
  };
  const plain = () => session("plain", () => open({}, ["m", "k"], ["k", "n"]));
  const right = () => session("right", () => open({ transB: 1 }, ["m", "k"], ["n", "k"]));
  const left = () => session("left", () => open({ transA: 1 }, ["k", "m"], ["k", "n"], true));
  return {
    times: async (a, b, { m, k, n }, into) =>
      run(await plain(), matrix(a, m, k), matrix(b, k, n), matrix(into, m, n)),
    timesTransposed: async (a, b, { m, k, n }, into) =>
      run(await right(), matrix(a, m, k), matrix(b, n, k), matrix(into, m, n)),
    async addTransposedTimes(a, b, { m, k, n }, into) {
      const sum = matrix(into, m, n);
      // The result is written over what is added to, which the operator allows.
      await run(await left(), matrix(a, k, m), matrix(b, k, n), sum, { c: sum });
    },
    async close() {
      for (const opened of sessions.values()) await (await opened).close();
    },
  };
}

interface Matrix {
  readonly type: "float32";
  readonly dims: readonly [number, number];
  readonly data: Float32Array;
}

function matrix(values: Float32Array, rows: number, columns: number): Matrix {
  return { type: "float32", dims: [rows, columns], data: values.subarray(0, rows * columns) };
}

function run(
  session: Session,
  a: Matrix,
  b: Matrix,
  y: Matrix,
  more: Record<string, Matrix> = {},
): Promise<void> {
  return session.run({ a, b, ...more }, { y });
}

function open(
  transposed: Readonly<Record<string, 1>>,
  a: readonly string[],
  b: readonly string[],
  isAdded = false,
): Promise<Session> {
  const value = (name: string, dims: readonly string[]) => ({ name, type: "float32" as const, dims });
  const attributes = Object.fromEntries(Object.entries(transposed).map(([name, int]) => [name, { int }]));
  return openSession(
    encodeGraph({
      name: "product",
      nodes: [{ op: "Gemm", inputs: ["a", "b", ...(isAdded ? ["c"] : [])], outputs: ["y"], attributes }],
      initializers: [],
      inputs: [value("a", a), value("b", b), ...(isAdded ? [value("c", ["m", "n"])] : [])],
      outputs: [value("y", ["m", "n"])],
    }),
  );
}
