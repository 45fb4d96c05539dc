import type { Json } from "../../../engine/json.ts";
import type { Pads } from "../graph/graph.ts";
import type { Settings } from "./settings.ts";

/** [[top, bottom], [left, right]]; also written as one number, or one for each axis. */
export function sidesOf(settings: Settings, name: string, otherwise: number): Pads {
  const given = settings.json(name) ?? otherwise;
  const rows = two(given);
  const [top, bottom] = two(rows?.[0]) ?? [];
  const [left, right] = two(rows?.[1]) ?? [];
  const pads = [top, left, bottom, right];
  if (pads.every((pad): pad is number => Number.isSafeInteger(pad) && (pad as number) >= 0)) {
    return pads as unknown as Pads;
  }
  settings.refuse(name, "is no number of pixels for each side");
  return [0, 0, 0, 0];
}

function two(value: Json | undefined): readonly (Json | undefined)[] | undefined {
  if (!Array.isArray(value)) return [value, value];
  return value.length === 2 ? (value as readonly Json[]) : undefined;
}
