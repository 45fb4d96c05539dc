import type { TrainParams } from "./declaration.ts";

/** What can be said of a schedule, by kind, beside its warmup. */
const parameters = {
  constant: [],
  step: ["every", "factor"],
  exponential: ["every", "factor"],
  cosine: ["minimum"],
} as const satisfies Readonly<Record<ScheduleKind, readonly string[]>>;

type ScheduleKind = TrainParams["schedule"]["kind"];

export const scheduleKinds = Object.keys(parameters) as readonly ScheduleKind[];

export function parametersOf(kind: ScheduleKind): readonly string[] {
  return parameters[kind];
}

/**
 * The learning rate of a step, counted from 0 since training began. Schedules go
 * by the fraction of epochs that have passed when it is taken.
 */
export function scheduled(
  { optimizer, schedule, epochs }: Pick<TrainParams, "optimizer" | "schedule" | "epochs">,
  stepsPerEpoch: number,
): (step: number) => number {
  const { learningRate, decay } = optimizer;
  const { kind, every = 1, factor = 1, minimum = 0, warmup } = schedule;
  const rateAt = (epoch: number, step: number): number => {
    switch (kind) {
      case "constant":
        return learningRate / (1 + decay * step);
      case "step":
        // Three times a tenth of an epoch is a little less than 0.3.
        return learningRate * factor ** Math.floor(epoch / every + 1e-9);
      case "exponential":
        return learningRate * factor ** (epoch / every);
      case "cosine": {
        const passed = Math.max(0, epoch - warmup) / (epochs - warmup);
        return minimum + ((learningRate - minimum) * (1 + Math.cos(Math.PI * passed))) / 2;
      }
      default:
        return kind satisfies never;
    }
  };
  return (step) => {
    const epoch = step / stepsPerEpoch;
    const rate = rateAt(epoch, step);
    return epoch < warmup ? (rate * epoch) / warmup : rate;
  };
}
