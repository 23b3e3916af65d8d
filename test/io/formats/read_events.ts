/** Reads TensorBoard's event files, every checksum checked. */
import assert from "node:assert/strict";
import { crc32c } from "../../../src/io/checksums.ts";
import { failureOf } from "../../../src/io/formats/format_failure.ts";
import { ProtobufReader } from "../../../src/io/formats/protobuf/protobuf_reader.ts";

export interface ReadValue {
  tag: string;
  scalar?: number;
  image?: { height: number; width: number; channels: number; png: Uint8Array };
  histogram?: number[][];
}

export interface ReadEvent {
  seconds: number;
  step: number;
  version?: string;
  values: ReadValue[];
}

export function readEvents(bytes: Uint8Array): ReadEvent[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const events: ReadEvent[] = [];
  for (let at = 0; at < bytes.length; ) {
    const length = view.getUint32(at, true);
    assert.equal(view.getUint32(at + 4, true), 0);
    assert.equal(view.getUint32(at + 8, true), masked(bytes.subarray(at, at + 8)), "checksum of the length");
    const message = bytes.subarray(at + 12, at + 12 + length);
    assert.equal(view.getUint32(at + 12 + length, true), masked(message), "checksum of the message");
    events.push(readEvent(new ProtobufReader(message, failureOf("event", undefined))));
    at += length + 16;
  }
  return events;
}

function masked(bytes: Uint8Array): number {
  const sum = BigInt(crc32c(bytes));
  return Number((((sum >> 15n) | (sum << 17n)) + 0xa282ead8n) & 0xffffffffn);
}

function readEvent(reader: ProtobufReader): ReadEvent {
  const event: ReadEvent = { seconds: 0, step: 0, values: [] };
  while (reader.next()) {
    if (reader.field === 1) event.seconds = reader.double();
    else if (reader.field === 2) event.step = reader.integer();
    else if (reader.field === 3) event.version = reader.text();
    else if (reader.field === 5) {
      const summary = reader.message();
      while (summary.next()) {
        if (summary.field === 1) event.values.push(readValue(summary.message()));
        else summary.skip();
      }
    } else reader.skip();
  }
  return event;
}

function readValue(reader: ProtobufReader): ReadValue {
  const value: ReadValue = { tag: "" };
  while (reader.next()) {
    if (reader.field === 1) value.tag = reader.text();
    else if (reader.field === 2) value.scalar = reader.float();
    else if (reader.field === 4) value.image = readImage(reader.message());
    else if (reader.field === 5) {
      value.histogram = [[], [], [], [], [], [], []];
      const histogram = reader.message();
      while (histogram.next()) histogram.doublesInto(value.histogram[histogram.field - 1]);
    } else reader.skip();
  }
  return value;
}

function readImage(reader: ProtobufReader): ReadValue["image"] {
  const image = { height: 0, width: 0, channels: 0, png: new Uint8Array(0) as Uint8Array };
  while (reader.next()) {
    if (reader.field === 1) image.height = reader.integer();
    else if (reader.field === 2) image.width = reader.integer();
    else if (reader.field === 3) image.channels = reader.integer();
    else if (reader.field === 4) image.png = reader.bytes();
    else reader.skip();
  }
  return image;
}
