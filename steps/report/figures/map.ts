import { type RandomStream, randomStream } from "../../compute/random.ts";

/**
 * Rows of any length, kept short enough to be looked at together: added as they
 * are read, so that no more than `rows × WIDTH` numbers are ever held.
 */
export interface FeatureMap {
  /** The next row. */
  add(row: Float32Array): void;
  points(): MapPoints;
}

export interface MapPoints {
  /** rows × 2, in the order they were added. */
  readonly points: Float64Array;
  /** How much of the spread of the rows (variance) lies along each axis. */
  readonly explained: readonly [number, number];
}

/** Of a projected row. */
const WIDTH = 256;
const DIRECTIONS = 6;
const ROUNDS = 300;

/**
 * The first two principal components of rows. Rows of up to 256 values are taken
 * as they are; longer ones are first projected to 256: each value is added to one
 * of 256 sums, or taken from it, as a seeded stream says (Charikar, Chen and
 * Farach-Colton 2002; Clarkson and Woodruff 2013). That keeps the angles and lengths
 * that a map shows, and costs one addition a value.
 */
export function featureMap(length: number, rows: number, seed: number): FeatureMap {
  const width = Math.min(length, WIDTH);
  const place = projection(length, width, randomStream(seed, "map"));
  const short = new Float64Array(rows * width);
  let count = 0;
  return {
    add(row) {
      const into = short.subarray(count * width, (count + 1) * width);
      for (let at = 0; at < length; at++) {
        const value = row[at] as number;
        // After a ReLU most are.
        if (value === 0) continue;
        const to = place[at] as number;
        if (to >= 0) into[to] = (into[to] as number) + value;
        else into[~to] = (into[~to] as number) - value;
      }
      count++;
    },
    points: () => components(short.subarray(0, count * width), count, width, seed),
  };
}

/** To which sum each value goes; `~sum` where it is taken from it. */
function projection(length: number, width: number, random: RandomStream): Int16Array {
  return Int16Array.from({ length }, (_, at) => {
    if (length === width) return at;
    const to = random.below(width);
    return random.below(2) === 0 ? to : ~to;
  });
}

function components(rows: Float64Array, count: number, width: number, seed: number): MapPoints {
  center(rows, count, width);
  const covariance = covarianceOf(rows, count, width);
  let total = 0;
  for (let at = 0; at < width; at++) total += covariance[at * width + at] as number;
  const axes = leading(covariance, width, randomStream(seed, "axes"));
  const points = new Float64Array(count * 2);
  const explained: [number, number] = [0, 0];
  for (const axis of [0, 1] as const) {
    const direction = axes[axis];
    if (direction === undefined || total === 0) continue;
    for (let row = 0; row < count; row++) {
      points[row * 2 + axis] = dot(rows.subarray(row * width, (row + 1) * width), direction);
    }
    for (let row = 0; row < count; row++) explained[axis] += (points[row * 2 + axis] as number) ** 2;
    explained[axis] /= count * total;
  }
  return { points, explained };
}

function center(rows: Float64Array, count: number, width: number): void {
  for (let column = 0; column < width; column++) {
    let sum = 0;
    for (let row = 0; row < count; row++) sum += rows[row * width + column] as number;
    const mean = sum / count;
    for (let at = column; at < count * width; at += width) rows[at] = (rows[at] as number) - mean;
  }
}

function covarianceOf(rows: Float64Array, count: number, width: number): Float64Array {
  const covariance = new Float64Array(width * width);
  for (let row = 0; row < count; row++) {
    const values = rows.subarray(row * width, (row + 1) * width);
    for (let a = 0; a < width; a++) {
      const value = (values[a] as number) / count;
      const line = covariance.subarray(a * width, (a + 1) * width);
      for (let b = a; b < width; b++) line[b] = (line[b] as number) + value * (values[b] as number);
    }
  }
  for (let a = 0; a < width; a++) {
    for (let b = 0; b < a; b++) covariance[a * width + b] = covariance[b * width + a] as number;
  }
  return covariance;
}

/**
 * The directions of most spread, by orthogonal iteration: a few more than are
 * needed, so that the first two come out clean. Each points to where its largest part is positive.
 */
function leading(covariance: Float64Array, width: number, random: RandomStream): readonly Float64Array[] {
  const size = Math.min(DIRECTIONS, width);
  let axes: Float64Array[] = Array.from({ length: size }, () =>
    Float64Array.from({ length: width }, () => random.uniform() - 0.5),
  );
  for (let round = 0; round < ROUNDS; round++) {
    axes = orthonormal(
      axes.map((axis) =>
        Float64Array.from({ length: width }, (_, at) =>
          dot(covariance.subarray(at * width, (at + 1) * width), axis),
        ),
      ),
    );
  }
  return axes.map(upright);
}

/** Gram and Schmidt, twice over; what is nothing stays nothing. */
function orthonormal(axes: readonly Float64Array[]): Float64Array[] {
  const done: Float64Array[] = [];
  for (const axis of axes) {
    const rest = Float64Array.from(axis);
    for (const other of [...done, ...done]) {
      const along = dot(rest, other);
      for (let at = 0; at < rest.length; at++)
        rest[at] = (rest[at] as number) - along * (other[at] as number);
    }
    const length = Math.sqrt(dot(rest, rest));
    done.push(length === 0 ? rest : rest.map((value) => value / length));
  }
  return done;
}

function upright(axis: Float64Array): Float64Array {
  let largest = 0;
  for (const value of axis) if (Math.abs(value) > Math.abs(largest)) largest = value;
  return largest < 0 ? axis.map((value) => -value) : axis;
}

function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let at = 0; at < a.length; at++) sum += (a[at] as number) * (b[at] as number);
  return sum;
}
