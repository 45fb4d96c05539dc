import { setTimeout as pause } from "node:timers/promises";
import { asError, WebFailure } from "./failure.ts";
import { Transfer, type TransferOptions } from "./transfer.ts";
import { shownUrl } from "./url.ts";

export interface Fetching extends Omit<TransferOptions, "answerMs" | "silenceMs"> {
  /** Where the file is, in the order in which they are tried. */
  readonly urls: readonly string[];
  /** In hexadecimal digits. */
  readonly algorithm: TransferOptions["algorithm"];
  /** As the end of a sentence: "has the sha256 …, not …"; `undefined` where nothing is. */
  whatIsWrong(file: Pick<Fetched, "digest" | "bytes">): string | undefined;
  readonly limits?: Partial<Limits>;
  /** A sentence about something that went wrong and is tried again. */
  log(line: string): void;
}

export interface Limits extends Pick<TransferOptions, "answerMs" | "silenceMs"> {
  /** Before the second try at a URL; twice that before the third. */
  readonly pauseMs: number;
  /** How often a URL may fail one time after another with nothing new from it. */
  readonly tries: number;
}

export interface Fetched {
  readonly bytes: number;
  /** Bytes that came over the network. */
  readonly fetched: number;
  /** Of the whole file, in hexadecimal digits. */
  readonly digest: string;
  /** Which URL gave it, as it may be printed. */
  readonly url: string;
}

const usual: Limits = { answerMs: 60_000, silenceMs: 60_000, pauseMs: 1000, tries: 3 };

/**
 * Brings a file over http or https into a sink: from the first URL that gives
 * it, and from where an earlier fetch of that URL ended if the server says that
 * it is the same file still.
 *
 * @throws StepError where no URL has the file, one is refused, or what came is
 *   wrong; MachineError where the network fails. The signal's reason where it is aborted.
 */
export async function fetchFile(fetching: Fetching): Promise<Fetched> {
  const failures: WebFailure[] = [];
  for (const url of fetching.urls) {
    try {
      return await fetchFrom(new URL(url), fetching);
    } catch (error) {
      if (!(error instanceof WebFailure)) throw error;
      fetching.log(error.message);
      failures.push(error);
    }
  }
  throw asError(failures);
}

async function fetchFrom(url: URL, fetching: Fetching): Promise<Fetched> {
  const { sink, signal, log } = fetching;
  const limits = { ...usual, ...fetching.limits };
  url.hash = "";
  const transfer = new Transfer(url, { ...fetching, ...limits });
  let failed = 0;
  for (;;) {
    const before = transfer.position;
    try {
      await transfer.goOn();
      const { position: bytes, fetched } = transfer;
      const digest = transfer.hash.digest("hex");
      const wrong = fetching.whatIsWrong({ digest, bytes });
      if (wrong === undefined) return { bytes, fetched, digest, url: shownUrl(url) };
      await sink.forget();
      // What an earlier fetch left may be to blame.
      const isAgain = transfer.reused > 0;
      transfer.forget();
      throw new WebFailure(`${shownUrl(url)}: what came ${wrong}; nothing of it is kept`, {
        blame: "step",
        passes: isAgain,
      });
    } catch (error) {
      await sink.rest();
      signal.throwIfAborted();
      if (!(error instanceof WebFailure) || !error.passes) throw error;
      // Who begins at nothing each time may never come to the end.
      failed = transfer.wentOn && transfer.position > before ? 1 : failed + 1;
      if (failed >= limits.tries) throw error;
      log(`${error.message}; trying again`);
      await pause(limits.pauseMs * 2 ** (failed - 1), undefined, { signal });
    }
  }
}
