import { closeSync, openSync, writeFileSync } from "node:fs";

/**
 * A step's log file. A carriage return ends a line. The first part of what is
 * printed is kept as it comes; of what follows, the last lines, which are
 * written at the end behind a sentence that says how much is left out.
 */
export interface StepLog {
  print(bytes: Uint8Array): void;
  line(text: string): void;
  /** Writes what was held back. */
  close(): void;
}

/** A line in a log that is not open. */
export function logLine(path: string, text: string): void {
  const log = openStepLog(path);
  log.line(text);
  log.close();
}

/** 16 MB of the beginning, and 64 kB of the end. */
const KEPT_BYTES = 16 << 20;
const TAIL_BYTES = 64 << 10;

/** Opens the log for appending; written to at once, so that a program is held up where the disk is slow. */
export function openStepLog(path: string): StepLog {
  let file: number | undefined;
  let written = 0;
  let left = 0;
  let tail = Buffer.alloc(0);
  let endedWithReturn = false;
  const write = (bytes: Uint8Array): void => {
    file ??= openSync(path, "a");
    const opened = file;
    naming(path, () => writeFileSync(opened, bytes));
  };
  const print = (bytes: Uint8Array): void => {
    const text = withLineEnds(bytes, endedWithReturn);
    endedWithReturn = bytes.at(-1) === RETURN;
    const kept = text.subarray(0, Math.max(0, KEPT_BYTES - written));
    if (kept.length > 0) write(kept);
    written += kept.length;
    const rest = text.subarray(kept.length);
    if (rest.length === 0) return;
    left += rest.length;
    tail = Buffer.from(Buffer.concat([tail, rest]).subarray(-TAIL_BYTES));
  };
  return {
    print,
    line: (text) => print(Buffer.from(`${text}\n`)),
    close() {
      if (left > 0) {
        const gone = left - tail.length;
        if (gone > 0) write(Buffer.from(`\n[${gone} bytes are left out here]\n`));
        write(tail);
        left = 0;
      }
      if (file !== undefined) closeSync(file);
      file = undefined;
    },
  };
}

/** What the system says of a file that is open does not name it. */
function naming(path: string, write: () => void): void {
  try {
    write();
  } catch (error) {
    throw Object.assign(error as Error, { path });
  }
}

const RETURN = 13;
const FEED = 10;

/** A carriage return without a line feed behind it becomes one. `after`: whether the piece before ended with one. */
function withLineEnds(bytes: Uint8Array, after: boolean): Buffer {
  const text = Buffer.from(bytes);
  // The return before was made a line end already.
  const start = after && text[0] === FEED ? 1 : 0;
  if (!text.includes(RETURN)) return text.subarray(start);
  let at = 0;
  for (let from = start; from < text.length; from++) {
    if (text[from] === RETURN) {
      text[at++] = FEED;
      if (text[from + 1] === FEED) from++;
    } else text[at++] = text[from] as number;
  }
  return text.subarray(0, at);
}
