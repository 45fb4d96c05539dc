/** How far two arrays are apart where they are most. */
export function farthest(one: ArrayLike<number>, other: ArrayLike<number>): number {
  if (one.length !== other.length) throw new Error(`${one.length} values, not ${other.length}`);
  let most = 0;
  for (let at = 0; at < one.length; at++) {
    const off = Math.abs((one[at] as number) - (other[at] as number));
    if (!(off <= most)) most = off;
  }
  return most;
}
