import type { Products, Sizes } from "../linear-algebra.ts";
import type { Tensor, TensorflowSession } from "./session.ts";

export function openProducts(session: TensorflowSession): Products {
  const { tf, upload, download } = session;
  const matrix = (values: Float32Array, rows: number, columns: number): Tensor =>
    upload(values.subarray(0, rows * columns), [rows, columns]);
  const give = (into: Float32Array, { m, n }: Pick<Sizes, "m" | "n">, compute: () => Tensor): void =>
    void tf.tidy(() => download(compute(), into.subarray(0, m * n)));
  return {
    times: async (a, b, { m, k, n }, into) =>
      give(into, { m, n }, () => product(session, matrix(a, m, k), matrix(b, k, n))),
    timesTransposed: async (a, b, { m, k, n }, into) =>
      give(into, { m, n }, () => product(session, matrix(a, m, k), matrix(b, n, k), "b")),
    addTransposedTimes: async (a, b, { m, k, n }, into) =>
      give(into, { m, n }, () =>
        tf.add(matrix(into, m, n), product(session, matrix(a, k, m), matrix(b, k, n), "a")),
      ),
    async hold(values, columns) {
      const held = matrix(values, values.length / columns, columns);
      return {
        rowsTimes: async (rows, b, n, into) =>
          give(into, { m: rows.length, n }, () =>
            product(session, tf.gather(held, tf.tensor1d(rows, "int32")), matrix(b, columns, n)),
          ),
        close: async () => held.dispose(),
      };
    },
    close: async () => {},
  };
}

/** @param transposed which of the two. */
export function product(
  { operation }: Pick<TensorflowSession, "operation">,
  a: Tensor,
  b: Tensor,
  transposed?: "a" | "b",
): Tensor {
  return operation("MatMul", { transpose_a: transposed === "a", transpose_b: transposed === "b" }, [a, b]);
}
