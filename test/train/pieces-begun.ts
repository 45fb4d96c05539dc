import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { Workplace } from "../cli/flow.ts";

/** A piece that a training began to compute. */
export interface BegunPiece {
  /** Of its entry. */
  readonly name: string;
  readonly products: number;
}

/** By run of the step `head`, oldest first, as the logs have it: killed runs are among them. */
export function piecesBegun({ root }: Workplace): readonly (readonly BegunPiece[])[] {
  const runs = join(root, "runs");
  return readdirSync(runs)
    .filter((name) => name !== "latest")
    .sort()
    .map((name) => join(runs, name, "logs/head.log"))
    .filter((file) => existsSync(file))
    .map((file) => {
      const lines = readFileSync(file, "utf8").matchAll(/^computing (\S+), (\d+) of \d+ products/gm);
      return [...lines].map(([, name = "", products]) => ({ name, products: Number(products) }));
    });
}

/** How many pieces were begun again. */
export function begunAgain(runs: readonly (readonly BegunPiece[])[]): number {
  const names = runs.flat().map(({ name }) => name);
  return names.length - new Set(names).size;
}
