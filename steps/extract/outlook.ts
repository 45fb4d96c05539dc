import type { EarlierExecution, Outlook, OutlookView } from "../../engine/step-type.ts";
import { locateRows } from "../learning/features/locate.ts";
import { rowName } from "../learning/tables/features.ts";
import { readImages } from "../learning/tables/images.ts";
import { readManifest } from "../learning/tables/manifest.ts";
import type { ExtractParams } from "./declaration.ts";
import { viewedImages } from "./views.ts";

/**
 * How many pictures have no row yet. Which store the rows would be in is known
 * from an earlier extraction with the same network: opening it would take long.
 */
export async function foresee({
  params,
  inputs,
  earlier,
  openStore,
}: OutlookView): Promise<Outlook | undefined> {
  const images = inputs.images;
  if (images === undefined) return undefined;
  const { augment } = params as ExtractParams;
  const pictures = new Set(viewedImages(await readImages(images.path), augment).map(rowName));
  const alike = earlier.filter((execution) => isAlike(execution, inputs));
  const store = alike[0] && readManifest(alike[0].outputs.features ?? "").store;
  const there = store === undefined ? undefined : await locateRows(openStore(store));
  const toDo = [...pictures].filter((digest) => !there?.has(digest)).length;
  const rate = alike.map(({ metrics }) => metrics.imagesPerSecond).find((value) => typeof value === "number");
  return {
    toDo,
    total: pictures.size,
    unit: "images",
    verb: "to compute",
    ...(rate === undefined ? {} : { perSecond: rate as number }),
  };
}

/** Whether it was the same network with the same weights. */
function isAlike({ inputs }: EarlierExecution, now: OutlookView["inputs"]): boolean {
  return (["network", "weights"] as const).every((name) => inputs[name] === now[name]?.digest);
}
