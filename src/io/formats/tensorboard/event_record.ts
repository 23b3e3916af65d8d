/**
 * Records of TensorBoard's event files: TensorFlow's TFRecord with an `Event` in each.
 *
 * Source: TensorFlow, core/lib/io/record_writer.h and core/util/event.proto.
 */
import { crc32c } from "../../checksums.ts";
import { ProtobufWriter } from "../protobuf/protobuf_writer.ts";

/** A message as a record: length, its checksum, the message, its checksum. */
export function encodeRecord(message: Uint8Array): Uint8Array<ArrayBuffer> {
  const record = new Uint8Array(message.length + 16);
  const view = new DataView(record.buffer);
  view.setUint32(0, message.length, true);
  view.setUint32(8, maskedChecksum(record.subarray(0, 8)), true);
  record.set(message, 12);
  view.setUint32(12 + message.length, maskedChecksum(message), true);
  return record;
}

/** Checksums of data that hold checksums themselves would be weak: TensorFlow turns them and adds a constant. */
function maskedChecksum(bytes: Uint8Array): number {
  const sum = crc32c(bytes);
  return (((sum >>> 15) | (sum << 17)) + 0xa282ead8) >>> 0;
}

/** The record that an event file begins with. */
export function encodeFileVersion(seconds: number): Uint8Array<ArrayBuffer> {
  return encodeRecord(new ProtobufWriter().double(1, seconds).text(3, "brain.Event:2").end());
}

/** What is shown under a tag at a step. */
export interface TaggedValue {
  readonly tag: string;
  /** Writes the value into the message of `Summary.Value`. */
  readonly write: (value: ProtobufWriter) => void;
}

/** An event with values of one step. */
export function encodeSummary(
  seconds: number,
  step: number,
  values: readonly TaggedValue[],
): Uint8Array<ArrayBuffer> {
  const summary = new ProtobufWriter();
  for (const { tag, write } of values) {
    const value = new ProtobufWriter().text(1, tag);
    write(value);
    summary.message(1, value);
  }
  return encodeRecord(new ProtobufWriter().double(1, seconds).integer(2, step).message(5, summary).end());
}
