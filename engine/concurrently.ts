/**
 * Does something for every item, at most `limit` at a time. After a failure
 * nothing new is begun; it rejects with the first, once nothing is under way.
 */
export async function concurrently<Item>(
  items: readonly Item[],
  limit: number,
  work: (item: Item, at: number) => Promise<void>,
): Promise<void> {
  const failures: unknown[] = [];
  let cursor = 0;
  const lane = async (): Promise<void> => {
    while (cursor < items.length && failures.length === 0) {
      const at = cursor++;
      try {
        await work(items[at] as Item, at);
      } catch (error) {
        failures.push(error);
      }
    }
  };
  await Promise.all(Array.from({ length: Math.min(limit, items.length) }, lane));
  if (failures.length > 0) throw failures[0];
}
