export const modelFormats = ["onnx", "tfjs", "keras"] as const;
export type ModelFormatName = (typeof modelFormats)[number];

export const featuresFormats = ["numpy", "hdf5", "parquet", "csv"] as const;
export type FeaturesFormatName = (typeof featuresFormats)[number];

export type FormatName = ModelFormatName | FeaturesFormatName;

export function isModelFormat(format: FormatName): format is ModelFormatName {
  return (modelFormats as readonly FormatName[]).includes(format);
}
