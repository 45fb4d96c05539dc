import type { ModelIdentity, PredictorRequest } from "./machine.ts";

// What `flow serve` asks of what answers over HTTP. Command and steps both speak of it.

export interface Servers {
  /**
   * Opens a model and answers for it over HTTP; listens when it returns.
   *
   * @throws StepError as `Predictors.open` does, and where the place is taken or
   * would be open to others without a word about it.
   */
  open(request: ServerRequest): Promise<ModelServer>;
}

export interface ServerRequest extends Omit<PredictorRequest, "keep" | "pixels"> {
  /** Of flow. */
  readonly version: string;
  /** A name or an address of this machine. */
  readonly host: string;
  /** 0: any that is free. */
  readonly port: number;
  /** What it is called by clients beside that; on loopback, what loopback is called is known. */
  readonly allowedHosts: readonly string[];
  /** What clients have to know. */
  readonly token?: string;
  /** Whether others may ask without a token. */
  readonly isInsecure: boolean;
  readonly limits: ServerLimits;
  /** Says what went wrong with no client to blame, in a sentence. */
  warn(text: string): void;
}

/** Each is called on the command line as here, `--max-bytes`. */
export interface ServerLimits {
  /** Of a request's body. */
  readonly maxBytes: number;
  /** Of a picture. */
  readonly maxPixels: number;
  /** Seconds that a body may take to arrive, and then its answer to be computed. */
  readonly timeout: number;
  /** Requests for predictions that are under way at a time, from their first byte to their answer. */
  readonly maxQueue: number;
}

export interface ModelServer {
  readonly url: string;
  readonly model: ModelIdentity;
  /** Answers what is in hand, takes nothing more, and ends. */
  close(): Promise<void>;
  /** Ends at once. */
  kill(): void;
}
