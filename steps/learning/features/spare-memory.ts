/** Memory that is needed again and again for a moment: that of every read anew would keep the garbage collector busy. */
export interface SpareMemory {
  /** At least so many bytes, with anything in them, until `work` is done. */
  use<Value>(bytes: number, work: (memory: ArrayBuffer) => Promise<Value>): Promise<Value>;
}

/** @param limit bytes that are kept while nobody uses them. */
export function spareMemory(limit: number): SpareMemory {
  const spare: ArrayBuffer[] = [];
  let kept = 0;
  return {
    async use(bytes, work) {
      const last = spare.pop();
      kept -= last?.byteLength ?? 0;
      // Rows differ a little in what they take.
      const memory =
        last !== undefined && last.byteLength >= bytes ? last : new ArrayBuffer(Math.ceil(bytes * 1.25));
      try {
        return await work(memory);
      } finally {
        if (kept + memory.byteLength <= limit) {
          spare.push(memory);
          kept += memory.byteLength;
        }
      }
    },
  };
}
