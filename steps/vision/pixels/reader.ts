import { Worker } from "node:worker_threads";
import { cores } from "../../../engine/cores.ts";
import { StepError } from "../../../engine/step-type.ts";
import { ImageError } from "./image-error.ts";
import type { Answer, Picture, ReaderSetup, Request } from "./reader-thread.ts";

/** Reads and decodes pictures, several at a time, whatever the thread that asks is doing. */
export interface PixelReader {
  /**
   * uint8, height × width × 3. All that is asked for is taken up at once.
   *
   * @throws ImageError where the file is no picture that can be read; StepError
   * where it is not the one that was meant.
   */
  read(picture: Picture): Promise<Uint8Array>;
  /** What has been spent so far, of the time that passed: with four threads each second is four. */
  seconds(): { readonly reading: number; readonly decoding: number };
  close(): Promise<void>;
}

/** More of them keep no network waiting, and each holds a picture at full size. */
const MOST_THREADS = 8;

/** Opens a reader with threads of its own, one for each processor. */
export function openPixelReader(
  setup: ReaderSetup,
  threads: number = Math.min(cores(), MOST_THREADS),
): PixelReader {
  const waiting = new Map<number, { resolve(pixels: Uint8Array): void; reject(error: unknown): void }>();
  const spent = { reading: 0, decoding: 0 };
  const load = new Array<number>(threads).fill(0);
  let broken: Error | undefined;
  const fail = (error: Error): void => {
    broken ??= error;
    for (const { reject } of waiting.values()) reject(broken);
    waiting.clear();
  };
  const workers = load.map((_, at) => {
    const worker = new Worker(new URL("./reader-thread.js", import.meta.url), { workerData: setup });
    worker.on("message", (answer: Answer) => {
      load[at] = (load[at] as number) - 1;
      spent.reading += answer.reading / 1000;
      spent.decoding += answer.decoding / 1000;
      const asked = waiting.get(answer.id);
      waiting.delete(answer.id);
      if (answer.kind === "pixels") asked?.resolve(answer.pixels);
      else asked?.reject(errorOf(answer));
    });
    worker.on("error", fail);
    worker.unref();
    return worker;
  });
  let next = 0;
  return {
    read(picture) {
      if (broken !== undefined) return Promise.reject(broken);
      const at = load.indexOf(Math.min(...load));
      load[at] = (load[at] as number) + 1;
      const request: Request = { id: next++, ...picture };
      return new Promise((resolve, reject) => {
        waiting.set(request.id, { resolve, reject });
        workers[at]?.postMessage(request);
      });
    },
    seconds: () => ({ reading: spent.reading / threads, decoding: spent.decoding / threads }),
    async close() {
      fail(new Error("the reader was closed"));
      await Promise.all(workers.map((worker) => worker.terminate()));
    },
  };
}

function errorOf(answer: Exclude<Answer, { kind: "pixels" }>): Error {
  switch (answer.kind) {
    case "image":
      return new ImageError(answer.file, answer.reason);
    case "step":
      return new StepError(answer.message);
    case "error":
      return Object.assign(new Error(answer.message), { code: answer.code, stack: answer.stack });
    default:
      return answer satisfies never;
  }
}
