import type { IncomingHttpHeaders } from "node:http";

/** One state of a file on a server: bytes of one version belong together. */
export interface Version {
  /** Without user, password and query. */
  readonly url: string;
  /** sha256 of the whole URL but for user and password. */
  readonly urlDigest: string;
  /** A strong ETag, else the time of the last change: what `If-Range` takes (RFC 9110, 13.1.5). */
  readonly validator: string;
  readonly bytes: number;
}

/** What tells this state of a file from any other; `undefined` where the server says nothing of the kind. */
export function validatorOf({ etag, date, ...headers }: IncomingHttpHeaders): string | undefined {
  if (etag !== undefined && /^"[^"]*"$/.test(etag)) return etag;
  const changed = headers["last-modified"];
  if (changed === undefined || date === undefined) return undefined;
  // Within one second a file can change twice (RFC 9110, 8.8.2.2).
  return Date.parse(date) - Date.parse(changed) >= 1000 ? changed : undefined;
}

/** How many bytes a whole answer has, where it says so. */
export function lengthOf(headers: IncomingHttpHeaders): number | undefined {
  const length = headers["content-length"];
  return length === undefined || headers["transfer-encoding"] !== undefined ? undefined : Number(length);
}

/** Whether a partial answer is the rest of a version from a byte on. */
export function isRestOf(headers: IncomingHttpHeaders, version: Version, from: number): boolean {
  const range = /^bytes (\d+)-(\d+)\/(\d+)$/.exec(headers["content-range"] ?? "");
  if (range === null) return false;
  const [first, last, bytes] = range.slice(1).map(Number);
  const isRest = first === from && last === version.bytes - 1 && bytes === version.bytes;
  const { etag } = headers;
  return isRest && (etag === undefined || !version.validator.startsWith('"') || etag === version.validator);
}
