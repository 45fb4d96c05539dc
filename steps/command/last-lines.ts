const LINES = 10;
const BYTES = 8_192;

/** The last lines that a program printed, for the sentence that says how it failed. */
export function lastLines(): { add(bytes: Uint8Array): void; lines(): readonly string[] } {
  let tail = Buffer.alloc(0);
  return {
    add(bytes) {
      tail = Buffer.from(Buffer.concat([tail, bytes.subarray(-BYTES)]).subarray(-BYTES));
    },
    lines() {
      const lines = tail.toString("utf8").split(/\r\n|\r|\n/);
      return lines.filter((line) => line !== "").slice(-LINES);
    },
  };
}
