/** One segment is written while the next is computed: a crash can cost both. */
const SEGMENT_ROWS = 128;
/** A row can be wide: of ResNet-50's first layer it takes 3 MB. Two segments are held. */
const SEGMENT_BYTES = 48 * 2 ** 20;
/** Pixels that wait for the network take no more than this, but for one batch. */
const AHEAD_BYTES = 64 << 20;

/** Rows that an item of work has at least: some seconds for a CPU, and two segments. */
export const ITEM_ROWS = 256;

/** How many float32 rows of a length are computed at a time at most. */
export function mostRows(rowLength: number): number {
  return Math.max(1, Math.floor(SEGMENT_BYTES / (rowLength * 4)));
}

/** How many rows of a length a segment holds at most. */
export function segmentRows(rowLength: number): number {
  return Math.min(SEGMENT_ROWS, mostRows(rowLength));
}

/** How many batches may wait for the network. @param length of a picture's pixels, in bytes. */
export function batchesAhead(batchSize: number, length: number): number {
  return Math.max(1, Math.min(3, Math.floor(AHEAD_BYTES / (batchSize * length))));
}
