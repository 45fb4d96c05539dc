import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "vitest";

/** Golden files of bench/golden/networks.py, which names the formula of the pictures as well. */
export const golden = new URL("../golden/keras/", import.meta.url).pathname;

export function readGolden<Content>(name: string): Content {
  return JSON.parse(readFileSync(join(golden, name), "utf8")) as Content;
}

/** uint8, count × height × width × 3. */
export function picturePixels(count: number, height: number, width: number): Uint8Array {
  return Uint8Array.from({ length: count * height * width * 3 }, (_, at) => mix(at + 99) >>> 24);
}

export function mix(value: number): number {
  let h = Math.imul(value ^ (value >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}

/** float32 values in base64. */
export function decodeValues(base64: string): Float32Array {
  const bytes = Buffer.from(base64, "base64");
  return new Float32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length));
}

/** That no value is further off than a part of the largest. */
export function expectClose(actual: Float32Array, expected: Float32Array, within: number): void {
  const most = expected.reduce((max, value) => Math.max(max, Math.abs(value)), 0);
  const difference = actual.reduce(
    (max, value, at) => Math.max(max, Math.abs(value - (expected[at] ?? Number.NaN))),
    0,
  );
  expect(actual.length).toBe(expected.length);
  expect(most).toBeGreaterThan(0);
  expect(difference / most).toBeLessThan(within);
}
