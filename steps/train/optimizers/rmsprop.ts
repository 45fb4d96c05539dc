import type { Memory } from "../../compute/kernel.ts";
import type { Rmsprop } from "./optimizer.ts";
import { fadeNodes, gradientNode, node, type Rule } from "./rule.ts";

/**
 * s ← ρ·s + (1 − ρ)·g², v ← m·v + rate·g / √(s + ε), w ← w − v; without momentum
 * nothing is remembered of v (keras/src/optimizers/rmsprop.py, not centered).
 */
export function rmspropRule({ rho, momentum, epsilon, weightDecay }: Rmsprop): Rule {
  const rest = 1 - rho;
  const remembers = momentum > 0;
  return {
    memory: [...(remembers ? ["velocity" as const] : []), "square"] satisfies Memory[],
    nodes: [
      gradientNode,
      ...fadeNodes,
      node("Mul", ["square", "rho"], "kept"),
      node("Mul", ["gradient", "gradient"], "gradientSquare"),
      node("Mul", ["gradientSquare", "rest"], "added"),
      node("Add", ["kept", "added"], "newSquare"),
      node("Mul", ["gradient", "rate"], "scaled"),
      node("Add", ["newSquare", "epsilon"], "shifted"),
      node("Sqrt", ["shifted"], "root"),
      node("Div", ["scaled", "root"], "change"),
      ...(remembers
        ? [
            node("Mul", ["velocity", "momentum"], "keptVelocity"),
            node("Add", ["keptVelocity", "change"], "newVelocity"),
          ]
        : []),
      node("Sub", ["faded", remembers ? "newVelocity" : "change"], "newKernel"),
    ],
    at(rate) {
      const fade = weightDecay * rate;
      return {
        scale: 1,
        numbers: { rho, rest, rate, epsilon, fade, ...(remembers ? { momentum } : {}) },
        move({ weights, velocity, square }, gradient) {
          if (square === undefined) throw new Error("RMSprop remembers the squares");
          for (let at = 0; at < weights.length; at++) {
            const slope = gradient[at] as number;
            square[at] = rho * (square[at] as number) + rest * slope * slope;
            let change = (rate * slope) / Math.sqrt((square[at] as number) + epsilon);
            if (velocity !== undefined) change = velocity[at] = momentum * (velocity[at] as number) + change;
            const weight = weights[at] as number;
            weights[at] = weight - fade * weight - change;
          }
        },
      };
    },
  };
}
