import type { Blocks } from "./blocks.ts";
import type { Products } from "./products.ts";
import type { LoadedTiles, Strip } from "./tiles.ts";
import { TILE } from "./tiles.ts";
import type { PlacedTile } from "./tiling.ts";

export interface BlockWork {
  readonly tiles: readonly PlacedTile[];
  /** Whether the products of two tiles are wanted. */
  isWanted(one: PlacedTile, other: PlacedTile): boolean;
  readonly blocks: Blocks;
  readonly loaded: LoadedTiles;
  /** How many tiles memory holds, one of which is for those that pass by. */
  readonly most: number;
  readonly products: Products;
  /** The first kernel: width × units. */
  readonly kernel: Float32Array;
  readonly units: number;
  /** Called before each product. */
  tell(done: number, total: number): void;
}

/** To keep a block takes a tenth of the time that computing it does; this much work a crash can cost. */
const KEEP_MS = 1_000;

/**
 * Computes what is wanted and not there: products of tiles with each other and
 * with the first kernel. As many tiles as memory holds stay in it while the others
 * pass by; what comes of it is kept every second and after each tile.
 */
export async function computeBlocks(work: BlockWork): Promise<void> {
  const { tiles, blocks, loaded, most } = work;
  const missing = (one: PlacedTile, other: PlacedTile): boolean =>
    work.isWanted(one, other) && blocks.gram(one, other) === undefined;
  let [done, total] = [0, 0];
  for (const [at, tile] of tiles.entries()) {
    if (blocks.first(tile) === undefined) total++;
    total += tiles.slice(0, at + 1).filter((other) => missing(tile, other)).length;
  }
  const step = (): void => work.tell(done++, total);
  const held = Math.max(1, most - 1);
  for (let start = 0; start < tiles.length; start += held) {
    const stay = new Set(tiles.slice(start, start + held));
    for (const tile of tiles.slice(start)) {
      const partners = [...stay].filter(
        (other) => tiles.indexOf(other) <= tiles.indexOf(tile) && missing(tile, other),
      );
      const isFirst = blocks.first(tile) === undefined;
      if (partners.length === 0 && !isFirst) continue;
      const strips = await loaded.strips(tile, stay);
      if (isFirst) {
        step();
        await blocks.keepFirst(tile, await timesKernel(strips, work));
      }
      if (partners.length === 0) continue;
      let since = performance.now();
      let [others, computed]: [PlacedTile[], Float64Array[]] = [[], []];
      for (const other of partners) {
        step();
        computed.push(await timesTile(strips, await loaded.strips(other, stay), work.products));
        others.push(other);
        if (performance.now() - since < KEEP_MS && other !== partners.at(-1)) continue;
        await blocks.keepGram(tile, others, joined(computed));
        [others, computed, since] = [[], [], performance.now()];
      }
    }
  }
}

function joined(blocks: readonly Float64Array[]): Float32Array {
  const all = new Float32Array(blocks.length * TILE * TILE);
  for (const [at, block] of blocks.entries()) all.set(block, at * TILE * TILE);
  return all;
}

/** Sums in float64 what the strips come to. */
async function timesTile(
  strips: readonly Strip[],
  others: readonly Strip[],
  products: Products,
): Promise<Float64Array> {
  const part = new Float32Array(TILE * TILE);
  const sum = new Float64Array(TILE * TILE);
  for (const [at, { values, width }] of strips.entries()) {
    const other = others[at] as Strip;
    await products.timesTransposed(values, other.values, { m: TILE, k: width, n: TILE }, part);
    add(sum, part);
  }
  return sum;
}

async function timesKernel(
  strips: readonly Strip[],
  { products, kernel, units }: Pick<BlockWork, "products" | "kernel" | "units">,
): Promise<Float32Array> {
  const part = new Float32Array(TILE * units);
  const sum = new Float64Array(TILE * units);
  for (const { values, first, width } of strips) {
    const rows = kernel.subarray(first * units, (first + width) * units);
    await products.times(values, rows, { m: TILE, k: width, n: units }, part);
    add(sum, part);
  }
  return Float32Array.from(sum);
}

function add(sum: Float64Array, part: Float32Array): void {
  for (let at = 0; at < sum.length; at++) sum[at] = (sum[at] as number) + (part[at] as number);
}
