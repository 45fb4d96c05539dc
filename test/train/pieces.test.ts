import { describe, expect, test } from "vitest";
import type { Blocks, KeptTile, TileNames } from "../../steps/train/sample-space/blocks.ts";
import { type PlacedPiece, piecesOf, productsIn } from "../../steps/train/sample-space/pieces.ts";
import { tilingOf } from "../../steps/train/sample-space/tiling.ts";
import { featuresOf, positionsUpTo } from "./rows.ts";

const rows = 11 * 256 - 40;
const features = featuresOf({ x: new Float32Array(rows), labels: new Uint8Array(rows) });

function tilesOf(count: number, known = new Map<string, KeptTile>()) {
  return tilingOf(features, positionsUpTo(count), { tiles: () => known }).tiles;
}

const known = (tiles: ReturnType<typeof tilesOf>) => new Map(tiles.map((tile) => [tile.id, tile]));

const nothing = { gram: () => undefined, first: () => undefined };

function pieces(options: Partial<Parameters<typeof piecesOf>[0]> = {}) {
  const tiles = tilesOf(rows);
  return piecesOf({
    ...{ tiles, blocks: nothing, rowLength: 100_352, held: 20, isWanted: () => true },
    ...options,
  });
}

function words(piece: PlacedPiece): string {
  const against = piece.kind === "gram" ? piece.against : [];
  return [piece.kind, piece.tile, ...against]
    .map((part) => (typeof part === "string" ? part : part.id))
    .join(" ");
}

describe("tiles", () => {
  test("and their order are the same whether they were kept, and however many more there are now", () => {
    const fresh = tilesOf(rows);
    const ids = fresh.map(({ id }) => id);
    expect(tilesOf(rows, known(fresh)).map(({ id }) => id)).toEqual(ids);
    const whole = 9 * 256;
    expect(tilesOf(rows, known(tilesOf(whole))).map(({ id }) => id)).toEqual(ids);
  });

  test("keep their place where rows are gone, whether what is left of them was kept", () => {
    const before = known(tilesOf(rows));
    const fewer = positionsUpTo(rows).filter((position) => position % 7 > 0);
    const once = tilingOf(features, fewer, { tiles: () => before }).tiles;
    const again = tilingOf(features, fewer, { tiles: () => new Map([...before, ...known(once)]) }).tiles;
    expect(once.map(({ order }) => order)).toEqual([...Array(11).keys()]);
    expect(again.map(({ id }) => id)).toEqual(once.map(({ id }) => id));
  });
});

describe("pieces", () => {
  test("hold every product once", () => {
    const { missing, total } = pieces();
    expect(total).toBe((11 * 12) / 2 + 11);
    expect(missing.reduce((sum, piece) => sum + productsIn(piece), 0)).toBe(total);
    const pairs = missing.flatMap((piece) =>
      piece.kind === "gram" ? piece.against.map(({ id }) => [id, piece.tile.id].sort().join(" ")) : [],
    );
    expect(new Set(pairs).size).toBe((11 * 12) / 2);
  });

  test.each([1, 2, 3, 4, 5, 9, 11])("are the same where %i tiles stay in memory", (held) => {
    expect(pieces({ held }).missing.map(words).sort()).toEqual(pieces().missing.map(words).sort());
  });

  test.each([
    [100_352, 4],
    [1_000_000, 4],
    [40_000, 6],
    [25, 11],
  ])("of rows of %i values have up to %i products", (rowLength, most) => {
    expect(Math.max(...pieces({ rowLength }).missing.map(productsIn))).toBe(most);
  });

  test("of new tiles are all that is missing where the others' are there", () => {
    const tiles = tilesOf(rows);
    const old = new Set<TileNames>(tiles.slice(0, 9));
    const entry = { store: "store", name: "entry", path: "entry", about: {} };
    const blocks: Pick<Blocks, "gram" | "first"> = {
      gram: (one, other) => (old.has(one) && old.has(other) ? { entry, at: 0, isTurned: false } : undefined),
      first: (one) => (old.has(one) ? entry : undefined),
    };
    const { missing, total } = pieces({ tiles, blocks });
    expect(total).toBe(77);
    expect(missing.reduce((sum, piece) => sum + productsIn(piece), 0)).toBe(10 + 11 + 2);
    expect(missing.every(({ tile }) => !old.has(tile))).toBe(true);
  });
});
