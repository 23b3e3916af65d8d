/** What the readers of ONNX messages share. */
import type { Failure } from "../format_failure.ts";
import type { ProtobufReader } from "../protobuf/protobuf_reader.ts";

/**
 * Graphs, nodes, tensors, attributes and values of a file together. A message of two bytes becomes an object of some
 * hundred; the largest networks have some ten thousand.
 */
const MOST_ENTRIES = 1 << 20;

/** What is handed from message to message. */
export interface OnnxReading {
  readonly fail: Failure;
  /** Counts a message, and refuses the one that is too much. */
  count(): void;
}

export function readingOf(fail: Failure): OnnxReading {
  let entries = 0;
  return {
    fail,
    count() {
      if (++entries > MOST_ENTRIES)
        throw fail(`it has more than ${MOST_ENTRIES} nodes, tensors and attributes`);
    },
  };
}

/** "ai.onnx" is another name of the domain "". */
export function plainDomain(domain: string): string {
  return domain === "ai.onnx" ? "" : domain;
}

/** StringStringEntryProto. */
export function readEntry(message: ProtobufReader, reading: OnnxReading, entries: Map<string, string>): void {
  reading.count();
  let [key, value] = ["", ""];
  while (message.next()) {
    if (message.field === 1) key = message.text();
    else if (message.field === 2) value = message.text();
    else message.skip();
  }
  entries.set(key, value);
}
