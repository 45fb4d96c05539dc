import type { Predictor, PredictorRequest } from "../../engine/machine.ts";
import { findModel } from "./find-model.ts";
import { startPredictor } from "./start.ts";
import { survive } from "./survive.ts";

export { tableLine as csvLine } from "../learning/tables/csv.ts";
export { findPhotos as find } from "./photos.ts";

/** See `Predictors`. */
export async function open(request: PredictorRequest): Promise<Predictor> {
  const found = await findModel(request);
  for (const text of found.notes) request.note(text);
  const { cache, root, runs, home, note } = request;
  const said = new Set<string>();
  const sayOnce = (text: string): void => {
    // A process that took the place of another says the same.
    if (!said.has(text)) note(text);
    said.add(text);
  };
  const folders = { cache: cache.folder, root, runs, home };
  return survive(() => startPredictor({ found, folders, note: sayOnce }));
}
