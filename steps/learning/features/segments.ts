import { createHash } from "node:crypto";
import { StepError } from "../../../engine/step-type.ts";
import type { Store } from "../../../engine/store.ts";
import { LARGEST_HALF, toHalf } from "./half.ts";
import { describeSegment } from "./locate.ts";
import type { Bits } from "./pack.ts";
import { writeSegment } from "./segment.ts";

/** Rows that are not published yet. */
export interface Segment {
  /**
   * Appends rows that `compute` writes; publishes when the segment is full or old.
   *
   * @throws StepError where a value is too large for float16, naming its picture; none of these rows is kept.
   */
  add(digests: readonly string[], compute: (into: Float32Array) => Promise<void>): Promise<void>;
  /** Whether one is being written. */
  isWriting(): boolean;
  /** Begins to publish what is there, if anything. Then more may be added; `written` is when all of before is on disk. */
  flush(): Promise<{ readonly written: Promise<void> }>;
  /** Publishes what is there, if anything, and waits until all is on disk. */
  finish(): Promise<void>;
}

export interface SegmentOptions {
  readonly rowLength: number;
  /** What rows are kept as. */
  readonly dtype: "float32" | "float16";
  /** What computes the rows. */
  readonly device: string;
  /** By which way of reading pictures they are computed. */
  readonly decoding: number;
  /** Rows that a segment holds at most. */
  readonly capacity: number;
  /** What people know a picture by. */
  nameOf(digest: string): string;
}

/** A segment is published after a few seconds: that, and the one that is being written, is all a crash can cost. */
const SEGMENT_MS = 3_000;

/**
 * Collects rows and publishes them in entries of a store. While one entry is
 * written the next is collected.
 */
export function newSegment(store: Store, options: SegmentOptions): Segment {
  const { rowLength, device, decoding, capacity } = options;
  const newRows = (): Rows => (options.dtype === "float16" ? halves(options) : floats(options));
  let [rows, others] = [newRows(), newRows()];
  let digests: string[] = [];
  let writing: Promise<unknown> = Promise.resolve();
  let isWriting = false;
  let since = performance.now();
  const publish = async (): Promise<void> => {
    await writing;
    since = performance.now();
    if (digests.length === 0) return;
    const [held, written] = [digests, rows];
    [rows, others] = [others, rows];
    digests = [];
    const name = createHash("sha256")
      .update([...held, decoding].join("\n"))
      .digest("hex")
      .slice(0, 32);
    writing = store.publish(name, async (folder) => {
      await writeSegment(folder, written.first(held.length), rowLength);
      return describeSegment({ digests: held, decoding, device });
    });
    isWriting = true;
    // Whoever waits next hears of what went wrong.
    writing
      .catch(() => {})
      .finally(() => {
        isWriting = false;
      });
  };
  return {
    async add(more, compute) {
      if (more.length === 0) return;
      if (digests.length + more.length > capacity) await publish();
      await rows.add(digests.length, more, compute);
      digests.push(...more);
      if (performance.now() - since >= SEGMENT_MS) await publish();
    },
    isWriting: () => isWriting,
    async flush() {
      await publish();
      const written = writing.then(() => {});
      written.catch(() => {});
      return { written };
    },
    async finish() {
      await publish();
      await writing;
    },
  };
}

/** Memory for the rows of a segment, as they are kept. */
interface Rows {
  /** Only the first rows of a segment, at 0, may be more than its capacity: no others make it larger. */
  add(at: number, digests: readonly string[], compute: (into: Float32Array) => Promise<void>): Promise<void>;
  first(count: number): Bits;
}

function floats({ rowLength, capacity }: SegmentOptions): Rows {
  let memory = new Float32Array(0);
  return {
    async add(at, { length }, compute) {
      const needed = (at + length) * rowLength;
      if (memory.length < needed) memory = new Float32Array(Math.max(needed, capacity * rowLength));
      await compute(memory.subarray(at * rowLength, needed));
    },
    first: (count) => new Int32Array(memory.buffer, 0, count * rowLength),
  };
}

function halves({ rowLength, capacity, nameOf }: SegmentOptions): Rows {
  let memory = new Uint16Array(0);
  let computed = new Float32Array(0);
  return {
    async add(at, digests, compute) {
      const length = digests.length * rowLength;
      const needed = at * rowLength + length;
      if (computed.length < length) computed = new Float32Array(length);
      if (memory.length < needed) memory = new Uint16Array(Math.max(needed, capacity * rowLength));
      const values = computed.subarray(0, length);
      await compute(values);
      const overflow = toHalf(
        new Int32Array(values.buffer, 0, length),
        memory.subarray(at * rowLength, needed),
      );
      if (overflow < 0) return;
      const name = nameOf(digests[Math.floor(overflow / rowLength)] as string);
      throw new StepError(
        `the network gives ${values[overflow]} for ${name}, and float16 ends at ${LARGEST_HALF}: take \`dtype: float32\``,
      );
    },
    first: (count) => memory.subarray(0, count * rowLength),
  };
}
