import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { expect, test } from "vitest";
import { openCache } from "../../engine/cache/cache.ts";
import { describeSegment, locateRows } from "../../steps/learning/features/locate.ts";

const digestOf = (number: number): string =>
  // Many begin alike, so that they meet in the table; the last ones are no digests at all.
  number < 30
    ? `sha256:${(number % 3).toString(16).repeat(60)}${number.toString(16).padStart(4, "0")}`
    : `${number}`;

const segments = fc.array(
  fc.record({
    rows: fc.array(fc.nat(40), { maxLength: 12 }),
    decoding: fc.integer({ min: 1, max: 3 }),
    device: fc.constantFrom("cpu", "gpu"),
  }),
  { maxLength: 50 },
);

test("rows are found as by a plain search: that of the latest decoding, of these the first", async () => {
  await fc.assert(
    fc.asyncProperty(segments, async (stored) => {
      const folder = mkdtempSync(join(tmpdir(), "flow-locate-"));
      try {
        const { stores } = openCache(folder);
        const id = stores.id({});
        for (const [at, { rows, ...segment }] of stored.entries()) {
          const about = describeSegment({ digests: rows.map(digestOf), ...segment });
          await stores.publish(id, {}, String(at).padStart(3, "0"), async () => about);
        }
        for (let time = 0; time < 2; time++) {
          const places = await locateRows({
            id,
            entries: async () => stores.entries(id),
            condensed: (condenser) => stores.condensed(id, condenser),
          });
          expect(places.size).toBe(new Set(stored.flatMap(({ rows }) => rows)).size);
          for (let number = 0; number <= 40; number++) {
            const all = stored.flatMap(({ rows, decoding, device }, entry) =>
              rows.flatMap((row, at) => (row === number ? [{ entry, row: at, decoding, device }] : [])),
            );
            const latest = Math.max(...all.map(({ decoding }) => decoding));
            const best = all.find(({ decoding }) => decoding === latest);
            const place = places.get(digestOf(number));
            expect(places.has(digestOf(number))).toBe(best !== undefined);
            expect(place && { ...place, entry: Number(place.entry.name) }).toEqual(best);
            if (place !== undefined) expect(place.entry.path).toBe(stores.path(id, place.entry.name));
          }
        }
      } finally {
        rmSync(folder, { recursive: true });
      }
    }),
    { numRuns: 25 },
  );
});
