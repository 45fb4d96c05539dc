import type { ServerLimits } from "../../engine/machine.ts";

export function openApi(_: { limits: ServerLimits; version: string; isGuarded: boolean }): object {
  return {};
}
