import { createHash } from "node:crypto";

/** Digests by number, and the number of a digest: a hash table without an object for each. */
export interface DigestTable {
  /** Takes over digests, as bytes, as those from number `first` on. */
  copy(bytes: Uint8Array, first: number): void;
  /** Makes a number the one of its digest, unless there is one already; which it is. */
  add(number: number): number;
  /** Makes a number the one of its digest, whatever it was. */
  replace(number: number): void;
  /** -1 where there is none. */
  find(digest: string): number;
  /** How many different ones there are. */
  size(): number;
}

/** Bytes that a digest takes. */
export const BYTES = 32;
const WORDS = BYTES / 4;

export function digestTable(count: number): DigestTable {
  const words = new Int32Array(count * WORDS);
  // Numbers by their digest's first word, or in the next slot that is free. Half of them stay free.
  const slots = new Int32Array(2 ** Math.ceil(Math.log2(2 * count + 2))).fill(-1);
  const asked = Buffer.alloc(BYTES);
  const askedWords = new Int32Array(asked.buffer, asked.byteOffset, WORDS);
  let size = 0;
  /** The slot of a digest, or the free one where it would be. */
  const slotOf = (digests: Int32Array, at: number): number => {
    let slot = (digests[at] as number) & (slots.length - 1);
    for (; ; slot = (slot + 1) & (slots.length - 1)) {
      const number = slots[slot] as number;
      if (number < 0 || isSame(words, number * WORDS, digests, at)) return slot;
    }
  };
  return {
    copy: (bytes, first) => new Uint8Array(words.buffer).set(bytes, first * BYTES),
    add(number) {
      const slot = slotOf(words, number * WORDS);
      if ((slots[slot] as number) < 0) {
        slots[slot] = number;
        size++;
      }
      return slots[slot] as number;
    },
    replace(number) {
      slots[slotOf(words, number * WORDS)] = number;
    },
    find(digest) {
      writeDigest(digest, asked, 0);
      return slots[slotOf(askedWords, 0)] as number;
    },
    size: () => size,
  };
}

/** `sha256:<hex>` as bytes; any other text by its own sha256. */
export function writeDigest(digest: string, into: Buffer, at: number): void {
  const isDigest = digest.length === 7 + 2 * BYTES && digest.startsWith("sha256:");
  if (isDigest && into.write(digest.slice(7), at, BYTES, "hex") === BYTES) return;
  createHash("sha256").update(digest).digest().copy(into, at);
}

function isSame(a: Int32Array, atA: number, b: Int32Array, atB: number): boolean {
  for (let word = 0; word < WORDS; word++) if (a[atA + word] !== b[atB + word]) return false;
  return true;
}
