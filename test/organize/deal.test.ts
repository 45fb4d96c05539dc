import fc from "fast-check";
import { expect, test } from "vitest";
import { deal, type Shares } from "../../steps/organize/deal.ts";

const shares: Shares = [
  ["train", 0.8],
  ["validation", 0.1],
  ["test", 0.1],
];

const identities = Array.from({ length: 20_000 }, (_, at) => `sha256:${at}`);

test("proportions hold in expectation", () => {
  const counts = { train: 0, validation: 0, test: 0 };
  for (const identity of identities) counts[deal(identity, shares, 0)]++;
  // Four standard deviations of a binomial distribution.
  expect(Math.abs(counts.train - 16_000)).toBeLessThan(4 * Math.sqrt(20_000 * 0.8 * 0.2));
  expect(Math.abs(counts.validation - 2_000)).toBeLessThan(4 * Math.sqrt(20_000 * 0.1 * 0.9));
  expect(Math.abs(counts.test - 2_000)).toBeLessThan(4 * Math.sqrt(20_000 * 0.1 * 0.9));
});

test("a picture's place is its own: no other picture, and no order, moves it", () => {
  fc.assert(
    fc.property(fc.string(), fc.nat(), (identity, seed) => {
      expect(deal(identity, shares, seed)).toBe(deal(identity, shares, seed));
    }),
  );
});

test("a larger share of training takes pictures from the others, and gives none away", () => {
  const more: Shares = [
    ["train", 0.9],
    ["test", 0.1],
  ];
  const less: Shares = [
    ["train", 0.7],
    ["test", 0.3],
  ];
  for (const identity of identities) {
    if (deal(identity, less, 7) === "train") expect(deal(identity, more, 7)).toBe("train");
  }
});

test("another seed deals them out otherwise", () => {
  const moved = identities.filter((identity) => deal(identity, shares, 0) !== deal(identity, shares, 1));
  expect(moved.length).toBeGreaterThan(4_000);
});
