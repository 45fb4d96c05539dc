import { type ChildProcess, fork } from "node:child_process";
import { fileURLToPath } from "node:url";
import { type Failure, killedBy, lastWordsOf } from "../../engine/failure.ts";
import type { Prediction, Predictor } from "../../engine/machine.ts";
import { smallYoungGeneration } from "../../engine/memory.ts";
import { MachineError, StepError } from "../../engine/step-type.ts";
import type { ClassifierOptions } from "./classifier.ts";
import type { FromPredictor, ToPredictor } from "./process.ts";

/** The process ended while it had something to do: a picture that crashes a library, or no memory left. */
export class ProcessDied extends StepError {}

/** Starts a process that predicts. @throws StepError, MachineError as `openClassifier` does. */
export async function startPredictor({ note, ...options }: ClassifierOptions): Promise<Predictor> {
  const file = fileURLToPath(new URL("./process.js", import.meta.url));
  // stdout and stderr belong to native libraries.
  const child = fork(file, [], {
    stdio: ["ignore", "ignore", "pipe", "ipc"],
    serialization: "advanced",
    execArgv: [smallYoungGeneration],
  });
  const asked = new Map<number, Asked>();
  const settle = (id: number, how: (one: Asked) => void): void => {
    const one = asked.get(id);
    asked.delete(id);
    if (one !== undefined) how(one);
  };
  const ask = (message: ToPredictor, id: number): Promise<FromPredictor> =>
    new Promise((resolve, reject) => {
      asked.set(id, { resolve, reject });
      if (child.connected) child.send(message, () => {});
      else settle(id, (one) => one.reject(death(child, printed)));
    });
  let printed = "";
  child.stderr?.on("data", (data: Buffer) => {
    printed = (printed + data.toString()).slice(-KEPT_LENGTH);
  });
  child.on("error", ({ message }) => {
    const error = new MachineError(`a process could not be started: ${message}`);
    for (const id of asked.keys()) settle(id, (one) => one.reject(error));
  });
  // "close", not "exit": by then all that it printed and said has arrived.
  child.on("close", () => {
    for (const id of asked.keys()) settle(id, (one) => one.reject(death(child, printed)));
  });
  child.on("message", (message: FromPredictor) => {
    switch (message.kind) {
      case "note":
        return note(message.text);
      case "failed":
        return settle(message.id, (one) => one.reject(errorOf(message.failure)));
      case "predicted":
        return settle(message.id, (one) => one.resolve(message));
      case "open":
      case "closed":
        return settle(0, (one) => one.resolve(message));
      default:
        message satisfies never;
    }
  });
  const opened = await ask({ kind: "open", ...options }, 0).catch((error) => {
    child.kill("SIGKILL");
    throw error;
  });
  if (opened.kind !== "open") throw new Error(`a predictor answers ${opened.kind}`);
  let next = 1;
  return {
    classes: opened.classes,
    batch: opened.batch,
    ahead: opened.ahead,
    async predict(pictures) {
      const id = next++;
      const answer = await ask({ kind: "predict", id, pictures }, id);
      return (answer as FromPredictor & { kind: "predicted" }).predictions satisfies readonly Prediction[];
    },
    async close() {
      await ask({ kind: "close" }, 0);
    },
    kill: () => void child.kill("SIGKILL"),
  };
}

interface Asked {
  resolve(answer: FromPredictor): void;
  reject(error: Error): void;
}

const KEPT_LENGTH = 4096;
const SHOWN_LINES = 10;

function death({ exitCode, signalCode }: ChildProcess, printed: string): ProcessDied {
  const how = signalCode === null ? `ended with exit code ${exitCode}` : killedBy(signalCode);
  const { isOutOfMemory, lines } = lastWordsOf(printed, SHOWN_LINES);
  const words = isOutOfMemory ? "ran out of memory" : `${how}${lines === "" ? "" : `:\n${lines}`}`;
  return new ProcessDied(`the process that reads and computes pictures ${words}`);
}

function errorOf({ kind, message, detail }: Failure): Error {
  switch (kind) {
    case "step":
      return new StepError(message);
    case "machine":
      return new MachineError(message);
    case "worker":
    case "bug":
      return Object.assign(new Error(message), detail === undefined ? {} : { stack: detail });
    default:
      return kind satisfies never;
  }
}
