import { StepError } from "../../engine/step-type.ts";
import { numbersOfKernel } from "../compute/kernel.ts";
import { inWords, memoryFor, roomOf } from "./budget.ts";
import type { TrainParams } from "./declaration.ts";
import { completed } from "./optimizers/optimizer.ts";
import { ruleOf } from "./optimizers/rules.ts";
import { numbersOfSteps } from "./sample-space/coordinates.ts";
import { rowsOfGroup } from "./sample-space/group.ts";
import { LEAST_TILES, TILE, tileBytes } from "./sample-space/tiles.ts";
import { numbersOfWindow } from "./sample-space/window-size.ts";

/** What decides between the ways to train; nothing of the machine, nor of what is kept. */
export interface Size {
  /** Rows that are trained on, and rows that are only scored. */
  readonly training: number;
  readonly validation: number;
  /** Row length, units of each hidden layer, classes. */
  readonly layers: readonly number[];
  /** Rows of a step. */
  readonly batch: number;
}

/** A way to train, and the bytes that it takes in all but for `heldBytes`. */
export type Chosen = { readonly bytes: number } & (
  | { readonly method: "direct"; readonly heldBytes: number }
  /** Products of all rows with each other are held. */
  | {
      readonly method: "sampleSpace";
      /** Bytes that rows may take in memory. */
      readonly rowBytes: number;
    }
  /** Those of a window of the order at a time. */
  | { readonly method: "sampleSpace"; readonly windowRows: number; readonly heldBytes: number }
);

type MethodParams = Pick<TrainParams, "method" | "memory" | "optimizer" | "runtime">;

/**
 * Sample space is for an optimizer that is linear in the gradient, which only sgd
 * is. Of the ways that `memory` allows the one is taken that costs least. Products
 * of all rows take as many numbers as rows squared: where rows are more than a row
 * is long, `auto` is the direct way.
 *
 * @throws StepError where the way that is asked for, or any, takes more than `memory`.
 */
export function chooseMethod(params: MethodParams, size: Size): Chosen {
  const { method, memory, optimizer, runtime } = params;
  const room = roomOf(memory, runtime);
  const isLinear = optimizer.kind === "sgd" && method !== "direct";
  const isLong = method === "sampleSpace" || size.training <= (size.layers[0] as number);
  const others = isLinear && isLong ? [whole(params, size, room), windows(size, room)] : [];
  const ways = [...others, ...(method === "sampleSpace" ? [] : [direct(params, size, room)])];
  const fitting = ways.filter(({ bytes }) => bytes <= room);
  const cheapest = fitting.toSorted((a, b) => costOf(a, size) - costOf(b, size))[0];
  if (cheapest !== undefined) return cheapest;
  const least = Math.min(...ways.map(({ bytes }) => bytes));
  throw new StepError(
    `training ${size.training} rows of ${size.layers[0]} values takes ${inWords(least)}, and \`memory: ${memory}\` is less: set \`memory: ${memoryFor(least, runtime)}\``,
  );
}

/** Operations that take as long as to read a number of a row from disk, in a store of mostly zeros. */
const READING = 500;
/** To bring a number of the first kernel and its velocity through memory and back; through the processor's cache. */
const MOVING = { memory: 300, cache: 100, from: 4e6 } as const;
/** Epochs in which what is computed once has to pay. */
const EPOCHS = 10;

/** What an epoch costs: operations per number of the training rows, as measured with two cores. */
function costOf(way: Chosen, { training, validation, layers, batch }: Size): number {
  const [rowLength, units] = layers as [number, number];
  const reading = (READING * (training + validation)) / training;
  if ("rowBytes" in way) {
    const once = training + 2 * validation + 4 * units + 2 * reading;
    return (4 * training * units) / rowLength + once / EPOCHS;
  }
  const moving = rowLength * units < MOVING.from ? MOVING.cache : MOVING.memory;
  const isHeld = way.heldBytes >= allBytes({ training, validation, layers });
  const rows = isHeld ? reading / EPOCHS : reading;
  if (way.method === "direct") return rows + units * (4 + moving / batch);
  // Each row is multiplied with five eighths of its window.
  const gram = way.windowRows > batch ? 1.25 * way.windowRows : 0;
  return rows + units * (8 + moving / way.windowRows) + gram;
}

/** Of all rows. */
function allBytes({ training, validation, layers }: Omit<Size, "batch">): number {
  return 4 * (training + validation) * (layers[0] as number);
}

/** What room is left holds rows. */
function withRows<Way extends { readonly bytes: number }>(way: Way, size: Size, room: number) {
  return { ...way, heldBytes: Math.max(0, Math.min(room - way.bytes, allBytes(size))) };
}

function direct({ optimizer, runtime }: MethodParams, size: Size, room: number): Chosen {
  const [rowLength, units] = size.layers as [number, number];
  const arrays = 1 + ruleOf(completed(optimizer)).memory.length;
  const kernel = { inputs: rowLength, units, rows: size.batch, arrays };
  // One batch is read while the other is used.
  const numbers = numbersOfKernel(runtime, kernel) + 2 * size.batch * rowLength;
  return withRows({ method: "direct", bytes: 4 * numbers + upperBytes(size, arrays) }, size, room);
}

/** All rows in one Gram matrix; as many rows in memory as there is room for. */
function whole({ runtime }: MethodParams, size: Size, room: number): Chosen {
  const { training, validation, layers, batch } = size;
  const [rowLength, units] = layers as [number, number];
  const steps = numbersOfSteps({ batch, rows: rowsOfGroup(batch, training), units, training });
  // Another library than the one that reads memory has a copy of the Gram matrix.
  const copies = runtime === "onnxruntime" ? 1 : 2;
  const products = (training + validation) * (copies * training + units);
  // And a copy of them, which is written while training goes on.
  const coordinates = 4 * training * units;
  const others = 4 * (products + coordinates + rowLength * units + steps) + upperBytes(size, 2);
  const tiles = Math.max(LEAST_TILES, Math.ceil((training + validation) / TILE));
  const rowBytes = Math.max(tileBytes(rowLength, LEAST_TILES), room - others);
  return {
    method: "sampleSpace",
    rowBytes,
    bytes: others + Math.min(rowBytes, tileBytes(rowLength, tiles)),
  };
}

/** The longest window that there is room for; the shortest is a batch. */
function windows(size: Size, room: number): Chosen {
  const { training, layers, batch } = size;
  const [rowLength, units] = layers as [number, number];
  const least = Math.min(batch, training);
  const bytesWith = (rows: number): number =>
    4 * (2 * rowLength * units + numbersOfWindow(rowLength, { batch, rows, units })) + upperBytes(size, 2);
  let rows = rowsOfGroup(batch, training);
  while (rows > least && bytesWith(rows) > room)
    rows = Math.max(least, batch * (Math.ceil(rows / batch) - 1));
  return withRows({ method: "sampleSpace", windowRows: rows, bytes: bytesWith(rows) }, size, room);
}

/** Of all layers but the first kernel: weights and gradients, what is remembered of these, and what a batch comes to. */
function upperBytes({ layers, batch }: Size, held: number): number {
  const [, ...units] = layers;
  const weights = units.reduce((sum, count, at) => sum + count * (1 + (units[at - 1] ?? 0)), 0);
  const values = units.reduce((sum, count) => sum + 3 * batch * count, 0);
  return 4 * ((held + 1) * weights + values);
}
