import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import type { ServerLimits } from "../../../engine/machine.ts";

export interface Page {
  readonly html: string;
  readonly script: string;
  readonly policy: string;
}

export const policy = { none: "default-src 'none'; frame-ancestors 'none'" };

export function newPage(_: { isGuarded: boolean; limits: ServerLimits }): Page {
  void createHash;
  void readFileSync;
  return { html: "", script: "", policy: policy.none };
}
