import type { Formats } from "./format.ts";
import type { FormatName } from "./format-names.ts";

const loaders: { readonly [Name in FormatName]: () => Promise<Formats[Name]> } = {
  onnx: async () => (await import("./formats/onnx.ts")).onnx,
  tfjs: async () => (await import("./formats/tfjs.ts")).tfjs,
  keras: async () => (await import("./formats/keras.ts")).keras,
  numpy: async () => (await import("./formats/numpy.ts")).numpy,
  hdf5: async () => (await import("./formats/hdf5.ts")).hdf5,
  parquet: async () => (await import("./formats/parquet.ts")).parquet,
  csv: async () => (await import("./formats/csv.ts")).csv,
};

/** What writes a format, loaded when it is asked for. */
export async function loadFormat<Name extends FormatName>(name: Name): Promise<Formats[Name]> {
  return loaders[name]();
}
