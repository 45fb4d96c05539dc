import type { IncomingMessage } from "node:http";
import { type Refusal, refused } from "./refusal.ts";

export interface BodyLimits {
  readonly maxBytes: number;
  /** Seconds. */
  readonly timeout: number;
}

/** In place of a body that is too long; `undefined` where nothing is known yet. */
export function refuseLength({ headers }: IncomingMessage, { maxBytes }: BodyLimits): Refusal | undefined {
  const declared = headers["content-length"];
  return declared !== undefined && Number(declared) > maxBytes ? tooLong(maxBytes) : undefined;
}

/**
 * The body of a request. No more than `maxBytes` of it is ever held, whatever its
 * headers say, and no longer than `timeout` is it waited for.
 */
export async function readBody(incoming: IncomingMessage, limits: BodyLimits): Promise<Buffer | Refusal> {
  const { maxBytes, timeout } = limits;
  const declared = Number(incoming.headers["content-length"] ?? FIRST_BYTES);
  let held = Buffer.alloc(Math.min(declared, maxBytes));
  let length = 0;
  const { promise, resolve } = withResolvers<Buffer | Refusal>();
  const onData = (chunk: Buffer): void => {
    const needed = length + chunk.length;
    if (needed > maxBytes) {
      resolve(tooLong(maxBytes));
      return;
    }
    if (needed > held.length) {
      const grown = Buffer.alloc(Math.min(maxBytes, Math.max(needed, 2 * held.length)));
      held.copy(grown, 0, 0, length);
      held = grown;
    }
    chunk.copy(held, length);
    length = needed;
  };
  const onEnd = (): void => resolve(held.subarray(0, length));
  const onClose = (): void => resolve(refused(400, "the body ends early"));
  const timer = setTimeout(() => resolve(late(timeout)), timeout * 1000);
  incoming.on("data", onData).on("end", onEnd).on("close", onClose).on("error", onClose);
  try {
    return await promise;
  } finally {
    clearTimeout(timer);
    // What comes after a refusal is nobody's; an error of the connection is still heard.
    incoming.off("data", onData).off("end", onEnd).off("close", onClose);
  }
}

/** Where no length was declared. */
const FIRST_BYTES = 64 * 1024;

function tooLong(maxBytes: number): Refusal {
  return refused(413, `the body has more than ${maxBytes} bytes`, {
    limit: { name: "--max-bytes", value: maxBytes },
  });
}

function late(timeout: number): Refusal {
  return refused(408, `the body has not arrived within ${timeout} s`, {
    limit: { name: "--timeout", value: timeout },
  });
}

function withResolvers<Value>(): { promise: Promise<Value>; resolve(value: Value): void } {
  let resolve: (value: Value) => void = () => {};
  const promise = new Promise<Value>((take) => {
    resolve = take;
  });
  return { promise, resolve };
}
