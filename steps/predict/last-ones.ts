/** The values that were set last, by name: no more than so many. */
export interface LastOnes<Value> {
  has(name: string): boolean;
  get(name: string): Value | undefined;
  set(name: string, value: Value): void;
}

export function lastOnes<Value>(most: number): LastOnes<Value> {
  // A map gives its names in the order in which they came.
  const values = new Map<string, Value>();
  return {
    has: (name) => values.has(name),
    get: (name) => values.get(name),
    set(name, value) {
      values.set(name, value);
      const [oldest] = values.keys();
      if (values.size > most && oldest !== undefined) values.delete(oldest);
    },
  };
}
