import type { Products } from "../../compute/linear-algebra.ts";
import type { Blocks } from "./blocks.ts";
import type { Strip } from "./strips.ts";
import { type LoadedTiles, TILE } from "./tiles.ts";
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
      const lacksFirst = blocks.first(tile) === undefined;
      if (partners.length === 0 && !lacksFirst) continue;
      const strips = await loaded.strips(tile, stay);
      if (lacksFirst) {
        step();
        await blocks.keepFirst(tile, await timesKernel(strips, work));
      }
      const together = new Set([...stay, tile]);
      for (const other of partners) await loaded.strips(other, together);
      const runs = runsOf(partners, loaded);
      let since = performance.now();
      let [others, computed]: [PlacedTile[], Float32Array[]] = [[], []];
      for (const run of runs) {
        for (const _ of run.tiles) step();
        computed.push(await timesTile(loaded, run, { strips, products: work.products }));
        others.push(...run.tiles);
        if (performance.now() - since < KEEP_MS && run !== runs.at(-1)) continue;
        await blocks.keepGram(tile, others, joined(computed));
        [others, computed, since] = [[], [], performance.now()];
      }
    }
  }
}

/** Tiles that lie one after the other in memory. */
interface TileRun {
  readonly first: number;
  readonly tiles: PlacedTile[];
}

/** Products with several tiles at once take two thirds of the time; the bits are the same. */
const RUN_TILES = 4;

function runsOf(tiles: readonly PlacedTile[], loaded: LoadedTiles): readonly TileRun[] {
  const places = loaded.places();
  const runs: TileRun[] = [];
  for (const tile of tiles.toSorted((a, b) => places.indexOf(a) - places.indexOf(b))) {
    const place = places.indexOf(tile);
    const last = runs.at(-1);
    const isNext = last !== undefined && last.first + last.tiles.length === place;
    if (isNext && last.tiles.length < RUN_TILES) last.tiles.push(tile);
    else runs.push({ first: place, tiles: [tile] });
  }
  return runs;
}

function joined(parts: readonly Float32Array[]): Float32Array {
  const all = new Float32Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}

/** Rows of a run times those of a tile. Sums in float64 what the strips come to. */
async function timesTile(
  loaded: LoadedTiles,
  { first, tiles }: TileRun,
  { strips, products }: { readonly strips: readonly Strip[]; readonly products: Products },
): Promise<Float32Array> {
  const m = tiles.length * TILE;
  const part = new Float32Array(m * TILE);
  const sum = new Float64Array(m * TILE);
  for (const [at, { values, width }] of strips.entries()) {
    const rows = (loaded.all()[at] as Strip).values.subarray(first * TILE * width);
    await products.timesTransposed(rows, values, { m, k: width, n: TILE }, part);
    add(sum, part);
  }
  return Float32Array.from(sum);
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
