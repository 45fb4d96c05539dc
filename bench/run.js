// npm run bench [-- <series>]: speed and memory, side by side in one run.
// KERAS_PYTHON=<python with keras> adds Keras to it (bench/golden/requirements.txt).
const series = {
  whole: () => import("./whole.js"),
  runtimes: () => import("./runtimes.js"),
  extract: () => import("./extract.js"),
  segments: () => import("./segments.js"),
  train: () => import("./train.js"),
  methods: () => import("./methods.js"),
  serve: () => import("./serve.js"),
  remote: () => import("./remote.js"),
  scale: () => import("./scale.js"),
  memory: () => import("./memory.js"),
};
const asked = process.argv[2] ?? "whole";
const load = series[asked];
if (load === undefined) throw new Error(`no series ${asked}; there are ${Object.keys(series).join(", ")}`);
await load();
