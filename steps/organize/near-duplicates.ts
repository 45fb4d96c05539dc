import { byCodeUnit } from "../../engine/json.ts";
import { addTo } from "../../engine/lists.ts";
import { type ImageRow, imagePath } from "../learning/tables/images.ts";

/** Two pictures that look alike and are not the same file. */
export type Pair = readonly [ImageRow, ImageRow];

/** Bits of 128 in which two looks may differ. Eight bands of 16 bits: of up to seven bits that differ, one band has none. */
const ALIKE = 6;
const BANDS = 8;

/**
 * Pairs of pictures of different splits that look alike: the same photograph in
 * another size or quality, the next frame of a video.
 *
 * @param looks by digest, 16 bytes each; what has none is like nothing.
 * @returns each different picture with the one most like it, in code-unit order of their places.
 */
export function nearDuplicates(
  rows: readonly ImageRow[],
  looks: ReadonlyMap<string, Uint8Array>,
): readonly Pair[] {
  const bands = new Map<number, ImageRow[]>();
  const pairs = new Map<string, { pair: Pair; distance: number }>();
  for (const row of [...rows].sort((a, b) => byCodeUnit(imagePath(a), imagePath(b)))) {
    const look = looks.get(row.digest);
    if (look === undefined) continue;
    let best: { pair: Pair; distance: number } | undefined;
    for (const key of bandsOf(look)) {
      for (const other of bands.get(key) ?? []) {
        if (other.split === row.split || other.digest === row.digest) continue;
        const distance = bitsBetween(look, looks.get(other.digest) as Uint8Array);
        if (distance <= ALIKE && distance < (best?.distance ?? ALIKE + 1))
          best = { pair: [other, row], distance };
      }
      addTo(bands, key, row);
    }
    if (best !== undefined && best.distance < (pairs.get(row.digest)?.distance ?? ALIKE + 1))
      pairs.set(row.digest, best);
  }
  return [...pairs.values()].map(({ pair }) => pair);
}

function bandsOf(look: Uint8Array): readonly number[] {
  return Array.from({ length: BANDS }, (_, band) => {
    const [high, low] = [look[2 * band] as number, look[2 * band + 1] as number];
    return band * 65_536 + high * 256 + low;
  });
}

function bitsBetween(a: Uint8Array, b: Uint8Array): number {
  let bits = 0;
  for (let at = 0; at < a.length; at++) {
    for (let rest = (a[at] as number) ^ (b[at] as number); rest > 0; rest &= rest - 1) bits++;
  }
  return bits;
}
