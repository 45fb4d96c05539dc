import { ObjectError, type ObjectStore } from "../../engine/remote/objects/object-store.ts";
import { openObjectStore, parseRemote } from "../../engine/remote/objects/open.ts";

export const waiting = { signal: new AbortController().signal, silenceMs: 3000 };
export const bytes = (text: string): Uint8Array => Buffer.from(text);
export const textOf = (content: Uint8Array | undefined): string | undefined =>
  content && Buffer.from(content).toString("utf8");

export async function open(
  text: string,
  env: Readonly<Record<string, string>>,
  root = "/",
): Promise<ObjectStore> {
  const place = parseRemote(text);
  if (typeof place === "string") throw new Error(place);
  return openObjectStore(place, { env, root });
}

export async function errorOf(work: Promise<unknown>): Promise<ObjectError> {
  const error = await work.then(
    (value) => value,
    (reason: unknown) => reason,
  );
  if (!(error instanceof ObjectError)) throw new Error(`no ObjectError: ${String(error)}`);
  return error;
}
