import type { Rows } from "./method.ts";

/** Bytes that are allocated at a time. */
const CHUNK_BYTES = 16e6;

/** Rows of which as many as `bytes` hold stay in memory once they were read, the first ones. */
export function heldRows(rows: Rows, bytes: number): Rows {
  const { rowLength, index } = rows;
  const capacity = Math.floor(bytes / (rowLength * 4));
  if (capacity === 0) return rows;
  const perChunk = Math.max(1, Math.floor(CHUNK_BYTES / (rowLength * 4)));
  const chunks: Float32Array[] = [];
  const slots = new Map<number, number>();
  const memoryOf = (slot: number): Float32Array => {
    const [at, within] = [Math.floor(slot / perChunk), slot % perChunk];
    chunks[at] ??= new Float32Array(Math.min(perChunk, capacity - at * perChunk) * rowLength);
    return chunks[at].subarray(within * rowLength, (within + 1) * rowLength);
  };
  return {
    rowLength,
    index,
    async read(positions, into) {
      const lacking = [...positions.keys()].filter((at) => !slots.has(positions[at] as number));
      const [first, last] = [lacking[0], lacking.at(-1)];
      if (first !== undefined && last !== undefined) {
        // What lies between is read once more: rows are new all at once, or hardly any.
        const some = positions.slice(first, last + 1);
        await rows.read(some, into.subarray(first * rowLength));
      }
      for (const [at, position] of positions.entries()) {
        const row = into.subarray(at * rowLength, (at + 1) * rowLength);
        const slot = slots.get(position);
        if (slot !== undefined) row.set(memoryOf(slot));
        else if (slots.size < capacity) {
          memoryOf(slots.size).set(row);
          slots.set(position, slots.size);
        }
      }
    },
  };
}
