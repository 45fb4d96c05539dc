import { expect } from "vitest";
import type { NetworkSummary } from "../../engine/machine.ts";
import type { Workplace } from "./flow.ts";

/** What `flow layers … --json` prints; it succeeds and warns of nothing. */
export async function layersJson(place: Workplace, ...args: readonly string[]): Promise<NetworkSummary> {
  const { code, stdout, stderr } = await place.flow(["layers", ...args, "--json"]);
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  return JSON.parse(stdout) as NetworkSummary;
}
