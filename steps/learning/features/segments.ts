import { createHash } from "node:crypto";
import { join } from "node:path";
import type { Store } from "../../../engine/step-type.ts";
import { writeNpy } from "./npy.ts";
import { describeSegment, segmentFile } from "./rows.ts";

/** Rows that are not published yet. */
export interface Segment {
  /** Appends rows that `compute` writes; publishes when the segment is full or old. */
  add(digests: readonly string[], compute: (into: Float32Array) => Promise<void>): Promise<void>;
  /** Publishes what is there, if anything. */
  publish(): Promise<void>;
}

export interface SegmentOptions {
  readonly rowLength: number;
  /** What computes the rows. */
  readonly device: string;
  /** By which way of reading pictures they are computed. */
  readonly decoding: number;
  /** Rows that a segment holds at most. */
  readonly capacity: number;
}

/** A segment is published after a few seconds: that is all a crash can cost. */
const SEGMENT_MS = 3_000;

/** Collects rows and publishes them in entries of a store, one after the other. */
export function newSegment(store: Store, options: SegmentOptions): Segment {
  const { rowLength, device, decoding, capacity } = options;
  let rows = new Float32Array(0);
  let digests: string[] = [];
  let since = performance.now();
  const segment: Segment = {
    async add(more, compute) {
      if (more.length === 0) return;
      if (digests.length + more.length > capacity) await segment.publish();
      const needed = (digests.length + more.length) * rowLength;
      if (rows.length < needed) {
        const wider = new Float32Array(Math.max(needed, capacity * rowLength));
        wider.set(rows.subarray(0, digests.length * rowLength));
        rows = wider;
      }
      await compute(rows.subarray(digests.length * rowLength, needed));
      digests.push(...more);
      if (performance.now() - since >= SEGMENT_MS) await segment.publish();
    },
    async publish() {
      since = performance.now();
      if (digests.length === 0) return;
      const held = digests;
      digests = [];
      const name = createHash("sha256")
        .update([...held, decoding].join("\n"))
        .digest("hex")
        .slice(0, 32);
      await store.publish(name, async (folder) => {
        const values = rows.subarray(0, held.length * rowLength);
        await writeNpy(join(folder, segmentFile), values, held.length, rowLength);
        return describeSegment({ digests: held, decoding, device });
      });
      since = performance.now();
    },
  };
  return segment;
}
