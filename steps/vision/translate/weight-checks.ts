import { StepError } from "../../../engine/step-type.ts";
import { firstNotFinite } from "../finite.ts";
import { lengthOf, type Shape, type Tensor } from "../graph/graph.ts";
import type { Weights } from "../networks/topology.ts";
import type { TakeWeights } from "./append.ts";

/** Hands out the weights of layers, and collects what is wrong with them. */
export interface WeightChecks {
  /** Where something is wrong, zeros stand in, until `finish`. */
  readonly take: TakeWeights;
  /** @throws StepError naming all that is missing, of another shape, not known or not finite. */
  finish(): void;
}

const SHOWN = 12;

export function newWeightChecks(weights: Weights): WeightChecks {
  const mistakes = new Set<string>();
  return {
    take({ path }, shapes, alsoCalled) {
      const found = new Map(
        Object.entries(weights.get(path) ?? {}).map(([role, tensor]) => [alsoCalled[role] ?? role, tensor]),
      );
      const taken: Record<string, Tensor> = {};
      const roles = Object.entries(shapes);
      for (const [at, [role, shape]] of roles.entries()) {
        // Some files number the weights in place of names.
        const key = found.has(role) ? role : String(at);
        const tensor = found.get(key);
        found.delete(key);
        if (shape === "unused") continue;
        const mistake = mistakeIn(tensor, shape, `${role} of layer ${path}`);
        if (mistake === undefined) taken[role] = tensor as Tensor;
        else {
          mistakes.add(mistake === MISSING ? `layer ${path} has no ${role} among the weights` : mistake);
          taken[role] = standIn(shape);
        }
      }
      for (const role of found.keys()) {
        const name = /^\d+$/.test(role) ? `weight ${role}` : role;
        mistakes.add(`layer ${path} has no ${name}, but the weights have one for it`);
      }
      return taken;
    },
    finish() {
      if (mistakes.size === 0) return;
      const lines = [...mistakes];
      const more = lines.length > SHOWN ? [`and ${lines.length - SHOWN} more`] : [];
      throw new StepError([...lines.slice(0, SHOWN), ...more].join("\n"));
    },
  };
}

const MISSING = "";

function mistakeIn(tensor: Tensor | undefined, shape: Shape, name: string): string | undefined {
  if (tensor === undefined) return MISSING;
  if (JSON.stringify(tensor.shape) !== JSON.stringify(shape)) {
    return `the ${name} is ${sizes(tensor.shape)}; the network needs ${sizes(shape)}`;
  }
  return firstNotFinite(tensor.data) === undefined
    ? undefined
    : `the ${name} holds values that are not finite (NaN or infinity)`;
}

function sizes(shape: Shape): string {
  return shape.length === 0 ? "one number" : shape.join(" × ");
}

/** Of a size that a mistake in a file cannot make larger than memory. */
function standIn(shape: Shape): Tensor {
  const length = lengthOf(shape);
  return { shape, data: new Float32Array(length <= 2 ** 24 ? length : 0) };
}
