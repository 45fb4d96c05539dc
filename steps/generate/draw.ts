import type { RandomStream } from "../compute/random.ts";

type Colour = readonly [red: number, green: number, blue: number];

/**
 * Draws one picture, size × size × 3, uint8. Whole numbers and comparisons only:
 * the same bytes on every machine. Brightness, noise, number and size of the
 * shapes overlap between the classes; colour and texture do not.
 */
export function draw(label: 0 | 1, size: number, random: RandomStream): Uint8Array {
  const rgb = new Uint8Array(size * size * 3);
  const between = (low: number, high: number): number => low + random.below(high - low + 1);
  const cool = (): Colour => [between(10, 110), between(60, 190), between(120, 240)];
  const warm = (): Colour => [between(140, 250), between(60, 170), between(10, 90)];
  const colour = label === 0 ? cool : warm;
  fill(rgb, colour());
  if (label === 0) {
    for (let layer = between(1, 3); layer > 0; layer--) {
      const stripe = colour();
      const [a, b] = [between(-4, 4), between(1, 4)];
      const period = between(Math.floor(size / 8), Math.floor(size / 3)) * 4;
      const width = Math.floor((period * between(20, 55)) / 100);
      const phase = between(0, period);
      paint(rgb, size, stripe, (x, y) => (((a * x + b * y + phase) % period) + period) % period < width);
    }
  } else {
    for (let disc = between(4, 12); disc > 0; disc--) {
      const spot = colour();
      const [cx, cy] = [between(0, size), between(0, size)];
      const radius = between(Math.floor(size / 16), Math.floor(size / 5));
      paint(rgb, size, spot, (x, y) => (x - cx) * (x - cx) + (y - cy) * (y - cy) < radius * radius);
    }
  }
  addNoise(rgb, between(4, 24), random);
  return rgb;
}

function fill(rgb: Uint8Array, colour: Colour): void {
  for (let at = 0; at < rgb.length; at++) rgb[at] = colour[at % 3] as number;
}

function paint(
  rgb: Uint8Array,
  size: number,
  colour: Colour,
  inside: (x: number, y: number) => boolean,
): void {
  for (let y = 0; y < size; y++) {
    for (let x = 0; x < size; x++) if (inside(x, y)) rgb.set(colour, (y * size + x) * 3);
  }
}

function addNoise(rgb: Uint8Array, strength: number, random: RandomStream): void {
  for (let at = 0; at < rgb.length; at++) {
    const value = (rgb[at] as number) + random.below(2 * strength + 1) - strength;
    rgb[at] = Math.max(0, Math.min(255, value));
  }
}
