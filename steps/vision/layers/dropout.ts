import { defineLayer } from "./layer.ts";

/** What makes a network hard to train by heart, and does nothing once it is trained. */
export const dropout = defineLayer({
  classes: [
    "Dropout",
    "SpatialDropout1D",
    "SpatialDropout2D",
    "GaussianDropout",
    "GaussianNoise",
    "AlphaDropout",
    "ActivityRegularization",
  ],
  settings(settings) {
    for (const name of ["rate", "stddev", "noise_shape", "l1", "l2"]) settings.json(name);
    return {};
  },
  build: (_, { input }) => input,
});
