/**
 * Writes the protocol buffer wire format (protobuf.dev/programming-guides/encoding):
 * only what an ONNX model needs.
 */
export interface ProtobufWriter {
  /** A varint field: int32, int64, enum; not negative. */
  int(field: number, value: number): void;
  /** A 32-bit field: float. */
  float(field: number, value: number): void;
  string(field: number, value: string): void;
  bytes(field: number, value: Uint8Array): void;
  message(field: number, write: (writer: ProtobufWriter) => void): void;
  /** What stands before a message of this length; the caller has the rest. */
  head(field: number, length: number): void;
}

export function encodeMessage(write: (writer: ProtobufWriter) => void): Uint8Array {
  const chunks: Uint8Array[] = [];
  write(writerTo(chunks));
  return Buffer.concat(chunks);
}

function writerTo(chunks: Uint8Array[]): ProtobufWriter {
  const tag = (field: number, wireType: number): void => void chunks.push(varint(field * 8 + wireType));
  const writer: ProtobufWriter = {
    int(field, value) {
      tag(field, 0);
      chunks.push(varint(value));
    },
    float(field, value) {
      tag(field, 5);
      chunks.push(new Uint8Array(new Float32Array([value]).buffer));
    },
    string: (field, value) => writer.bytes(field, Buffer.from(value, "utf8")),
    bytes(field, value) {
      writer.head(field, value.length);
      chunks.push(value);
    },
    message(field, write) {
      const inner: Uint8Array[] = [];
      write(writerTo(inner));
      writer.head(
        field,
        inner.reduce((sum, chunk) => sum + chunk.length, 0),
      );
      for (const chunk of inner) chunks.push(chunk);
    },
    head(field, length) {
      tag(field, 2);
      chunks.push(varint(length));
    },
  };
  return writer;
}

function varint(value: number): Uint8Array {
  if (value < 0) {
    // Ten bytes of two's complement, as int64 has it.
    const bytes = [];
    let rest = BigInt.asUintN(64, BigInt(value));
    for (; rest > 127n; rest >>= 7n) bytes.push(Number(rest & 127n) | 128);
    return Uint8Array.from([...bytes, Number(rest)]);
  }
  const bytes = [];
  let rest = value;
  for (; rest > 127; rest = Math.floor(rest / 128)) bytes.push((rest % 128) | 128);
  return Uint8Array.from([...bytes, rest]);
}
