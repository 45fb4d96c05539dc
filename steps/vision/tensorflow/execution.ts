import type { Tensor, TensorflowSession } from "../../compute/tensorflow/session.ts";
import { type Graph, inputsOf, type Value } from "../graph/graph.ts";
import { compileOperator } from "./operators.ts";
import { type Compute, newPlace } from "./place.ts";

/** A graph whose constants are on the device. */
export interface Execution {
  /** See `OpenProgram.run`; the arrays have just the size of `count` pictures and rows. */
  run(pixels: Uint8Array, count: number, into: Float32Array): void;
  free(): void;
}

interface Step {
  readonly compute: Compute;
  readonly output: Value;
  /** Values that nothing takes afterwards. */
  readonly last: readonly Value[];
}

export function newExecution(session: TensorflowSession, graph: Graph): Execution {
  const { tf } = session;
  const place = newPlace(session);
  try {
    const steps = compile(graph, (operator) => compileOperator(place, operator));
    return {
      run: (pixels, count, into) =>
        tf.tidy(() => {
          const values = new Map<number, Tensor>();
          values.set(graph.input.id, session.upload(pixels, [count, ...graph.input.shape]));
          const take = ({ id }: Value): Tensor => {
            const value = values.get(id);
            if (value === undefined) throw new Error("a value is there as long as it is taken");
            return value;
          };
          for (const { compute, output, last } of steps) {
            values.set(
              output.id,
              tf.tidy(() => compute(take)),
            );
            for (const value of last) take(value).dispose();
          }
          session.download(take(graph.output), into);
        }),
      free: place.free,
    };
  } catch (error) {
    place.free();
    throw error;
  }
}

/** Memory is the next operator's as soon as it may be: a batch needs what is in use at once, not the sum. */
function compile(graph: Graph, make: (operator: Graph["nodes"][number]["operator"]) => Compute): Step[] {
  const later = new Set([graph.output.id]);
  const steps = graph.nodes.toReversed().map(({ operator, output }): Step => {
    const taken = new Map([...inputsOf(operator), output].map((value) => [value.id, value]));
    const last = [...taken.values()].filter(({ id }) => !later.has(id));
    for (const { id } of last) later.add(id);
    return { compute: make(operator), output, last };
  });
  return steps.reverse();
}
