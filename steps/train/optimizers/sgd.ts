import type { Sgd } from "./optimizer.ts";
import { fadeNodes, gradientNode, node, type Rule } from "./rule.ts";

/**
 * v ← m·v − rate·g, w ← w + v; Nesterov's: w ← w + m·v − rate·g with that v
 * (keras/src/optimizers/sgd.py).
 */
export function sgdRule({ momentum, nesterov, weightDecay }: Sgd): Rule {
  const kernel = weightDecay === 0 ? "kernel" : "faded";
  const decayed = weightDecay === 0 ? [] : fadeNodes;
  const plain = [
    {
      ...node("Gemm", ["x", "delta", "velocity"], "newVelocity"),
      attributes: { transA: { int: 1 }, beta: { float: momentum } },
    },
    node("Add", [kernel, "newVelocity"], "newKernel"),
  ];
  const ahead = [
    gradientNode,
    node("Mul", ["velocity", "momentum"], "kept"),
    node("Add", ["kept", "gradient"], "newVelocity"),
    node("Mul", ["newVelocity", "momentum"], "ahead"),
    node("Add", ["ahead", "gradient"], "change"),
    node("Add", [kernel, "change"], "newKernel"),
  ];
  return {
    memory: ["velocity"],
    nodes: [...decayed, ...(nesterov ? ahead : plain)],
    at(rate) {
      const fade = weightDecay * rate;
      return {
        scale: -rate,
        numbers: { ...(nesterov ? { momentum } : {}), ...(weightDecay === 0 ? {} : { fade }) },
        move({ weights, velocity }, gradient) {
          if (velocity === undefined) throw new Error("SGD remembers the velocity");
          for (let at = 0; at < weights.length; at++) {
            const change = -rate * (gradient[at] as number);
            velocity[at] = momentum * (velocity[at] as number) + change;
            const move = nesterov ? momentum * (velocity[at] as number) + change : (velocity[at] as number);
            const weight = weights[at] as number;
            weights[at] = weight - fade * weight + move;
          }
        },
      };
    },
  };
}
