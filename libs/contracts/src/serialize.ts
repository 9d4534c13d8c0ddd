import { BinaryWriter } from '@bufbuild/protobuf/wire';

/** One writer for all messages: encoding never waits, and a buffer that has grown need not grow again. */
let writer = new BinaryWriter();
/** A message beyond this gives its buffer back. */
const keptBytes = 1 << 20;

/** Encodes a message; the generated definitions call this (generate.mjs). */
export function serialize<T>(encode: (message: T, writer: BinaryWriter) => BinaryWriter, message: T): Buffer {
  try {
    const bytes = encode(message, writer).finish();
    if (bytes.length > keptBytes) writer = new BinaryWriter();
    return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  } catch (error) {
    writer = new BinaryWriter();
    throw error;
  }
}
