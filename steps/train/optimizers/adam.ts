import type { Memory } from "../../compute/kernel.ts";
import type { Adam } from "./optimizer.ts";
import { fadeNodes, gradientNode, node, type Rule } from "./rule.ts";

/**
 * m ← m + (g − m)·(1 − β₁), s ← s + (g² − s)·(1 − β₂), w ← w − α·m / (√s + ε),
 * where α holds the corrections of both (keras/src/optimizers/adam.py).
 */
export function adamRule({ beta1, beta2, epsilon, weightDecay }: Adam): Rule {
  const [first, second] = [1 - beta1, 1 - beta2];
  return {
    memory: ["velocity", "square"] satisfies Memory[],
    nodes: [
      gradientNode,
      ...fadeNodes,
      node("Sub", ["gradient", "velocity"], "velocityOff"),
      node("Mul", ["velocityOff", "first"], "velocityChange"),
      node("Add", ["velocity", "velocityChange"], "newVelocity"),
      node("Mul", ["gradient", "gradient"], "gradientSquare"),
      node("Sub", ["gradientSquare", "square"], "squareOff"),
      node("Mul", ["squareOff", "second"], "squareChange"),
      node("Add", ["square", "squareChange"], "newSquare"),
      node("Mul", ["newVelocity", "alpha"], "scaled"),
      node("Sqrt", ["newSquare"], "root"),
      node("Add", ["root", "epsilon"], "divisor"),
      node("Div", ["scaled", "divisor"], "change"),
      node("Sub", ["faded", "change"], "newKernel"),
    ],
    at(rate, step) {
      const fade = weightDecay * rate;
      const alpha = (rate * Math.sqrt(1 - power(beta2, step + 1))) / (1 - power(beta1, step + 1));
      return {
        scale: 1,
        numbers: { first, second, epsilon, alpha, fade },
        move({ weights, velocity, square }, gradient) {
          if (velocity === undefined || square === undefined) throw new Error("Adam remembers two arrays");
          for (let at = 0; at < weights.length; at++) {
            const slope = gradient[at] as number;
            velocity[at] = (velocity[at] as number) + (slope - (velocity[at] as number)) * first;
            square[at] = (square[at] as number) + (slope * slope - (square[at] as number)) * second;
            const change = (alpha * (velocity[at] as number)) / (Math.sqrt(square[at] as number) + epsilon);
            const weight = weights[at] as number;
            weights[at] = weight - fade * weight - change;
          }
        },
      };
    },
  };
}

/** In float32, as Keras has it: the 1 − β₂ of the first step differs from the exact one in its fifth digit. */
function power(beta: number, exponent: number): number {
  return Math.fround(Math.fround(beta) ** exponent);
}
