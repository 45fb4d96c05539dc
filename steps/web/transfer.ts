import { createHash, type Hash } from "node:crypto";
import type { IncomingMessage } from "node:http";
import { connectionFailure, WebFailure } from "./failure.ts";
import { openUrl } from "./open-url.ts";
import type { Beginning, Sink } from "./sink.ts";
import { shownUrl } from "./url.ts";
import { isRestOf, lengthOf, type Version, validatorOf } from "./version.ts";

export interface TransferOptions {
  readonly sink: Sink;
  readonly algorithm: "sha256" | "md5";
  /** Hosts that may have private addresses, beside those that a URL names by its address. */
  readonly privateHosts?: readonly string[];
  /** How long a host may take until its answer begins. */
  readonly answerMs: number;
  /** How long nothing may come. */
  readonly silenceMs: number;
  readonly signal: AbortSignal;
  progress(state: FetchProgress): void;
}

export interface FetchProgress {
  readonly done: number;
  /** Absent where the server does not say. */
  readonly total?: number;
  /** Bytes that were there before this fetch. */
  readonly reused: number;
}

/** A file on its way from one URL: what has come, and how it goes on. */
export class Transfer {
  hash: Hash;
  /** How many bytes the sink has. */
  position = 0;
  fetched = 0;
  /** How many bytes were there from an earlier fetch. */
  reused = 0;
  /** Whether the newest try began where the one before ended. */
  wentOn = false;
  private version: Version | undefined;
  private bytes: number | undefined;
  private mayReuse = true;
  private readonly url: URL;
  private readonly options: TransferOptions;

  constructor(url: URL, options: TransferOptions) {
    this.url = url;
    this.options = options;
    this.hash = createHash(options.algorithm);
  }

  /** Fetches what is still to come. @throws WebFailure */
  async goOn(): Promise<void> {
    this.wentOn = true;
    const answer = await this.answerToGoOnWith();
    const where = shownUrl(this.url);
    if (answer !== undefined) {
      try {
        for await (const bytes of bytesOf(answer, this.options.silenceMs, where)) await this.take(bytes);
      } finally {
        answer.destroy();
      }
    }
    if (this.bytes !== undefined && this.position !== this.bytes) {
      const message = `${where}: the connection ended after ${this.position} of ${this.bytes} bytes`;
      throw new WebFailure(message, { blame: "machine", passes: true });
    }
  }

  /** From now on nothing counts that was there before. */
  forget(): void {
    this.mayReuse = false;
    this.position = 0;
    this.version = undefined;
  }

  /** The answer whose body is the rest of the file; `undefined` where all is there. */
  private async answerToGoOnWith(): Promise<IncomingMessage | undefined> {
    if (this.position === 0 || this.version === undefined) {
      const whole = await this.open();
      await this.begin(whole, this.mayReuse ? "what is there" : "nothing");
      if (this.position === 0) return whole;
      whole.destroy();
    }
    if (this.version === undefined) throw new Error("a file without a version goes on");
    if (this.position === this.version.bytes) return undefined;
    const { validator } = this.version;
    const rest = await this.open({ range: `bytes=${this.position}-`, "if-range": validator });
    if (rest.statusCode === 206 && isRestOf(rest.headers, this.version, this.position)) return rest;
    // The file is another one by now, or the server does not send parts.
    let whole = rest;
    if (rest.statusCode !== 200) {
      rest.destroy();
      whole = await this.open();
    }
    await this.begin(whole, "nothing");
    return whole;
  }

  private async begin(answer: IncomingMessage, from: "what is there" | "nothing"): Promise<void> {
    const { headers } = answer;
    this.hash = createHash(this.options.algorithm);
    this.position = 0;
    this.reused = 0;
    this.wentOn = false;
    this.bytes = lengthOf(headers);
    this.version = versionOf(this.url, this.bytes, validatorOf(headers));
    const beginning: Beginning = {
      from,
      ...(this.version === undefined ? {} : { version: this.version }),
      ...(this.bytes === undefined ? {} : { bytes: this.bytes }),
      see: (bytes) => {
        this.hash.update(bytes);
        this.position += bytes.length;
        this.reused = this.position;
      },
    };
    try {
      await this.options.sink.begin(beginning);
    } catch (error) {
      answer.destroy();
      throw error;
    }
    this.tell();
  }

  private async take(bytes: Uint8Array): Promise<void> {
    this.options.signal.throwIfAborted();
    if (this.bytes !== undefined && this.position + bytes.length > this.bytes) {
      const message = `${shownUrl(this.url)}: more came than the ${this.bytes} bytes that were announced`;
      throw new WebFailure(message, { blame: "step", passes: false });
    }
    this.hash.update(bytes);
    await this.options.sink.add(bytes);
    this.position += bytes.length;
    this.fetched += bytes.length;
    this.tell();
  }

  private tell(): void {
    const total = this.bytes === undefined ? {} : { total: this.bytes };
    this.options.progress({ done: this.position, ...total, reused: this.reused });
  }

  private async open(part: Readonly<Record<string, string>> = {}): Promise<IncomingMessage> {
    const { privateHosts = [], answerMs, signal } = this.options;
    const answer = await openUrl(this.url, { headers: part, privateHosts, answerMs, signal });
    const { statusCode = 0, statusMessage = "" } = answer;
    const isPart = "range" in part && (statusCode === 206 || statusCode === 416);
    if (statusCode === 200 || isPart) return answer;
    answer.destroy();
    throw new WebFailure(`${shownUrl(this.url)}: the server answers ${statusCode} ${statusMessage}`.trim(), {
      // That it is busy or broken passes; that it has no such file, or gives it to others only, does not.
      ...(statusCode >= 500 || statusCode === 408 || statusCode === 429
        ? { blame: "machine", passes: true }
        : { blame: "step", passes: false }),
    });
  }
}

function versionOf(url: URL, bytes: number | undefined, validator: string | undefined): Version | undefined {
  if (bytes === undefined || validator === undefined) return undefined;
  const plain = new URL(url);
  plain.username = "";
  plain.password = "";
  const urlDigest = createHash("sha256").update(plain.href).digest("hex");
  return { url: shownUrl(url), urlDigest, validator, bytes };
}

/** @throws WebFailure where the connection fails, or nothing comes for too long. */
async function* bytesOf(answer: IncomingMessage, silenceMs: number, where: string): AsyncGenerator<Buffer> {
  const body = answer[Symbol.asyncIterator]() as AsyncIterator<Buffer>;
  for (;;) {
    // Only while something is waited for: a disk may be slow.
    const patience = setTimeout(() => {
      const message = `${where}: nothing came for ${silenceMs / 1000} s`;
      answer.destroy(new WebFailure(message, { blame: "machine", passes: true }));
    }, silenceMs);
    try {
      const { done, value } = await body.next().finally(() => clearTimeout(patience));
      if (done) return;
      yield value;
    } catch (error) {
      throw connectionFailure(error, where);
    }
  }
}
