import type { OpenModel, PredictorRequest } from "../../engine/machine.ts";
import { findModel } from "./find-model.ts";
import { startPredictor } from "./start.ts";
import { survive } from "./survive.ts";

export { tableLine as csvLine } from "../learning/tables/csv.ts";
export { findPhotos as find } from "./photos.ts";

/** See `Predictors`. */
export async function open(request: PredictorRequest): Promise<OpenModel> {
  const found = await findModel(request);
  for (const text of found.notes) request.note(text);
  const { cache, root, runs, home, note, keep = "rows", pixels } = request;
  const said = new Set<string>();
  const sayOnce = (text: string): void => {
    // A process that took the place of another says the same.
    if (!said.has(text)) note(text);
    said.add(text);
  };
  const folders = { cache: cache.folder, root, runs, home };
  const limits = pixels === undefined ? {} : { pixels };
  const predictor = await survive(() =>
    startPredictor({ ...{ found, folders, keep }, ...limits, note: sayOnce }),
  );
  return { ...predictor, model: { ...found.identity, classes: predictor.classes } };
}
