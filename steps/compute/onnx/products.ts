import type { Held, Products } from "../linear-algebra.ts";
import { encodeGraph } from "./graph.ts";
import { openSession, type Session } from "./session.ts";

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
  const times: Products["times"] = async (a, b, { m, k, n }, into) =>
    run(await plain(), matrix(a, m, k), matrix(b, k, n), matrix(into, m, n));
  return {
    times,
    timesTransposed: async (a, b, { m, k, n }, into) =>
      run(await right(), matrix(a, m, k), matrix(b, n, k), matrix(into, m, n)),
    async addTransposedTimes(a, b, { m, k, n }, into) {
      const sum = matrix(into, m, n);
      // The result is written over what is added to, which the operator allows.
      await run(await left(), matrix(a, k, m), matrix(b, k, n), sum, { c: sum });
    },
    hold: async (values, columns) => heldWhereItLies(values, columns, times),
    async close() {
      for (const opened of sessions.values()) await (await opened).close();
    },
  };
}

/** The runtime reads memory: what is held is where it was; rows are put one after the other for each product. */
function heldWhereItLies(values: Float32Array, columns: number, times: Products["times"]): Held {
  let lines = new Float32Array(0);
  return {
    async rowsTimes(rows, b, n, into) {
      if (lines.length < rows.length * columns) lines = new Float32Array(rows.length * columns);
      for (const [at, row] of rows.entries()) {
        lines.set(values.subarray(row * columns, (row + 1) * columns), at * columns);
      }
      await times(lines, b, { m: rows.length, k: columns, n }, into);
    },
    close: async () => {},
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
