/**
 * Random numbers that are the same on every machine: 32-bit integer arithmetic
 * and exact conversions only, no transcendental function. A stream is named by
 * a seed and a word, so that what one thing draws never shifts what another gets.
 *
 * The generator is xoshiro128** (Blackman and Vigna, "Scrambled linear
 * pseudorandom number generators", 2018), its state filled by the finalizer of
 * MurmurHash3 (Appleby).
 */
export interface RandomStream {
  /** A whole number in [0, 2^32). */
  bits(): number;
  /** A multiple of 2^-32 in [0, 1). */
  uniform(): number;
  /** A whole number in [0, below), without bias. */
  below(below: number): number;
}

/** @param seed a whole number; its lowest 32 bits count. */
export function randomStream(seed: number, word: string): RandomStream {
  let h = mix(seed >>> 0);
  for (let at = 0; at < word.length; at++) h = mix((h ^ word.charCodeAt(at)) + 0x9e3779b9);
  const next = (): number => {
    h = (h + 0x9e3779b9) | 0;
    return mix(h);
  };
  let a = next();
  let b = next();
  let c = next();
  let d = next() | 1;
  const bits = (): number => {
    const product = Math.imul(b, 5);
    const result = Math.imul((product << 7) | (product >>> 25), 9);
    const t = b << 9;
    c ^= a;
    d ^= b;
    b ^= c;
    a ^= d;
    c ^= t;
    d = (d << 11) | (d >>> 21);
    return result >>> 0;
  };
  return {
    bits,
    uniform: () => bits() / 4294967296,
    below(below) {
      // Values of the last, incomplete block would make small results likelier.
      const limit = 4294967296 - (4294967296 % below);
      for (;;) {
        const value = bits();
        if (value < limit) return value % below;
      }
    },
  };
}

/** Positions 0 … count − 1 in random order (Fisher and Yates, Durstenfeld's form). */
export function permutation(count: number, random: RandomStream): Int32Array {
  const order = Int32Array.from({ length: count }, (_, at) => at);
  for (let at = count - 1; at > 0; at--) {
    const other = random.below(at + 1);
    const held = order[at] as number;
    order[at] = order[other] as number;
    order[other] = held;
  }
  return order;
}

function mix(value: number): number {
  let h = value | 0;
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) | 0;
}
