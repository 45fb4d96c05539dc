/** Work that is done side by side, handed in one after the other. */
export interface Lanes {
  /**
   * Resolves when the work has begun: with `limit` under way, when one of them has ended.
   *
   * @throws what the first failed with; then nothing new is begun.
   */
  begin(work: () => Promise<void>): Promise<void>;
  /** @throws what the first failed with, when nothing is under way any more. */
  end(): Promise<void>;
}

export function lanes(limit: number): Lanes {
  const underWay = new Set<Promise<void>>();
  const failures: unknown[] = [];
  let oneEnded = (): void => {};
  const throwFailure = (): void => {
    if (failures.length > 0) throw failures[0];
  };
  return {
    async begin(work) {
      if (underWay.size >= limit)
        await new Promise<void>((resolve) => {
          oneEnded = resolve;
        });
      throwFailure();
      const working: Promise<void> = work()
        .catch((error: unknown) => {
          failures.push(error);
        })
        .finally(() => {
          underWay.delete(working);
          oneEnded();
        });
      underWay.add(working);
    },
    async end() {
      await Promise.all(underWay);
      throwFailure();
    },
  };
}
