/** `TensorProto.DataType` of onnx.proto3, in NumPy's words. */
export const elementTypes = {
  float32: 1,
  uint8: 2,
  int8: 3,
  uint16: 4,
  int16: 5,
  int32: 6,
  int64: 7,
  string: 8,
  bool: 9,
  float16: 10,
  float64: 11,
  uint32: 12,
  uint64: 13,
  bfloat16: 16,
} as const;

const words = new Map<number, string>(Object.entries(elementTypes).map(([word, code]) => [code, word]));

/** A type in words; of one that is not in the list its number. */
export function elementType(code: number): string {
  return words.get(code) ?? `of ONNX' type ${code}`;
}
