import type { Products } from "../../compute/linear-algebra.ts";
import type { PlacedPiece } from "./pieces.ts";
import type { Strip } from "./strips.ts";
import { type LoadedTiles, TILE, type Tile } from "./tiles.ts";
import type { PlacedTile } from "./tiling.ts";
import { openWideProducts, sumMemory, sumOver } from "./wide-products.ts";

export interface Multiplier {
  readonly loaded: LoadedTiles;
  /** How many tiles memory holds. */
  readonly most: number;
  readonly products: Products;
  /** The first kernel: width × units. */
  readonly kernel: Float32Array;
  readonly units: number;
  /** Called between products; may throw. */
  pause(): void;
}

/**
 * The products of a piece: blocks × TILE × TILE, or TILE × units. Sums in float64
 * what the strips come to. No bit depends on where in memory the tiles lie.
 */
export async function multiplyPiece(piece: PlacedPiece, multiplier: Multiplier): Promise<Float32Array> {
  const { tile, stay } = piece;
  const strips = await multiplier.loaded.strips(tile, needed([tile], stay, multiplier));
  multiplier.pause();
  if (piece.kind === "first") return timesKernel(strips, multiplier);
  return timesTiles(piece, strips, multiplier);
}

/** Those that must be in memory, and others as far as there is room. */
function needed(
  must: readonly Tile[],
  stay: ReadonlySet<Tile>,
  { loaded, most }: Multiplier,
): ReadonlySet<Tile> {
  const all = new Set(must);
  for (const tile of loaded.places()) {
    if (tile !== undefined && stay.has(tile) && all.size < most) all.add(tile);
  }
  return all;
}

const BLOCK = TILE * TILE;

async function timesTiles(
  { tile, against, stay }: PlacedPiece & { kind: "gram" },
  strips: readonly Strip[],
  multiplier: Multiplier,
): Promise<Float32Array> {
  const { loaded, most, pause } = multiplier;
  const all = new Float32Array(against.length * BLOCK);
  const isThere = (other: Tile): boolean => loaded.places().includes(other);
  // What is in memory comes first: where a piece does not fit, the last of it stay for the next one.
  const left = [...against.filter(isThere), ...against.filter((other) => !isThere(other))];
  while (left.length > 0) {
    const group = left.splice(0, most - 1);
    for (const other of group) await loaded.strips(other, needed([tile, ...group], stay, multiplier));
    for (const run of runsOf(group, loaded)) {
      pause();
      const blocks = await timesRun(run, strips, multiplier);
      for (const [at, other] of run.tiles.entries()) {
        all.set(blocks.subarray(at * BLOCK, (at + 1) * BLOCK), against.indexOf(other) * BLOCK);
      }
    }
  }
  return all;
}

/** Tiles that lie one after the other in memory. */
interface TileRun {
  /** The place of the first. */
  readonly first: number;
  readonly tiles: PlacedTile[];
}

/** More at once is no faster. */
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

/** Rows of a run times those of a tile. */
async function timesRun(
  { first, tiles }: TileRun,
  strips: readonly Strip[],
  { loaded, products }: Multiplier,
): Promise<Float32Array> {
  const m = tiles.length * TILE;
  const sum = await sumOver(strips, sumMemory(m * TILE), m * TILE, ({ values, width }, part, at) => {
    const rows = (loaded.all()[at] as Strip).values.subarray(first * TILE * width);
    return products.timesTransposed(rows, values, { m, k: width, n: TILE }, part);
  });
  return Float32Array.from(sum);
}

async function timesKernel(
  strips: readonly Strip[],
  { products, kernel, units }: Multiplier,
): Promise<Float32Array> {
  const values = new Float32Array(TILE * units);
  const wide = openWideProducts(products, TILE, units);
  await wide.timesKernel(strips, TILE, kernel, { values, stride: units, column: 0 });
  return values;
}
