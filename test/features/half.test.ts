import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { fromHalf, toHalf } from "../../steps/learning/features/half.ts";

// What NumPy makes of numbers that both sides compute (bench/golden/segments.py).
const golden = JSON.parse(readFileSync(new URL("../golden/segments/half.json", import.meta.url), "utf8"));

const isNaNHalf = (half: number): boolean => (half & 0x7fff) > 0x7c00;
const isNaNFloat = (bits: number): boolean => (bits & 0x7fff_ffff) > 0x7f80_0000;
const all = Uint16Array.from({ length: 0x1_0000 }, (_, half) => half);

function sha256(values: NodeJS.ArrayBufferView): string {
  return createHash("sha256").update(values).digest("hex");
}

test("every float16 is the float32 that NumPy makes of it, and comes back as the same", () => {
  const floats = new Int32Array(all.length);
  fromHalf(all, floats);
  const numbers = floats.filter((_, half) => !isNaNHalf(half));
  expect(sha256(numbers)).toBe(golden.fromHalf);
  const back = new Uint16Array(all.length);
  expect(toHalf(floats, back)).toBe(-1);
  expect(back).toEqual(all);
});

test("float32 numbers are rounded as NumPy rounds them", () => {
  const hashed = Int32Array.from({ length: 1 << 22 }, (_, at) => Math.imul(at, 2654435761 | 0));
  const floats = new Int32Array(0x7c00);
  fromHalf(all.subarray(0, 0x7c00), floats);
  const values = new Float32Array(floats.buffer);
  const near: number[] = [];
  for (let at = 0; at + 1 < values.length; at++) {
    const middle = new Float32Array([((values[at] as number) + (values[at + 1] as number)) / 2]);
    const [bits = 0] = new Int32Array(middle.buffer);
    near.push(bits - 1, bits, bits + 1);
  }
  const bits = Int32Array.from([...hashed, ...near, ...near.map((bits) => bits | (1 << 31))]).filter(
    (bits) => !isNaNFloat(bits),
  );
  expect(bits.length).toBe(golden.values);
  const halves = new Uint16Array(bits.length);
  toHalf(bits, halves);
  expect(sha256(halves)).toBe(golden.toHalf);
});

test("the first finite number that is too large is named; what is no number stays none", () => {
  const values = Float32Array.from([1, 65_519.996, -65_504, Number.NaN, Infinity, -65_520, 1e30]);
  const halves = new Uint16Array(values.length);
  expect(toHalf(new Int32Array(values.buffer), halves)).toBe(5);
  expect([...halves.subarray(0, 3)]).toEqual([0x3c00, 0x7bff, 0xfbff]);
  const strange = Int32Array.from([0x7f80_0001, 0x7fff_ffff, 0xffc0_0000 | 0, 0xff80_2000 | 0]);
  expect(toHalf(strange, halves)).toBe(-1);
  expect([...halves.subarray(0, 4)]).toEqual([0x7c01, 0x7fff, 0xfe00, 0xfc01]);
});
