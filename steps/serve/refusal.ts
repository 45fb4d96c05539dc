/** Why a request gets no answer, as its client is told. */
export interface Refusal {
  readonly kind: "refused";
  readonly status: 400 | 401 | 403 | 404 | 405 | 408 | 413 | 415 | 421 | 422 | 429 | 500 | 503;
  /** A sentence. */
  readonly error: string;
  /** What it was beyond, as the command line calls it. */
  readonly limit?: Limit;
  readonly headers?: Readonly<Record<string, string>>;
}

interface Limit {
  readonly name: string;
  readonly value: number;
}

export function refused(
  status: Refusal["status"],
  error: string,
  more: Pick<Refusal, "limit" | "headers"> = {},
): Refusal {
  return { kind: "refused", status, error, ...more };
}
