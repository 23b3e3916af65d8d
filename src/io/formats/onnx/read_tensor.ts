/** Tensors of ONNX files, as they stand there; `onnx_tensor.ts` makes numbers of them. */
import { elementsOf } from "../element_layout.ts";
import type { ProtobufReader } from "../protobuf/protobuf_reader.ts";
import type { OnnxTensor, OnnxTensorContent } from "./onnx_model.ts";
import { type OnnxReading, readEntry } from "./onnx_reading.ts";

/** As many dimensions as safetensors may have. */
const MOST_DIMENSIONS = 1024;

/** TensorProto. */
export function readTensor(message: ProtobufReader, reading: OnnxReading): OnnxTensor {
  reading.count();
  const [floats, integers, dimensions]: [number[], (number | bigint)[], (number | bigint)[]] = [[], [], []];
  const unsigned: (number | bigint)[] = [];
  const strings: Uint8Array[] = [];
  const external = new Map<string, string>();
  let [name, dataType, location] = ["", 0, 0];
  let raw: Uint8Array | undefined;
  while (message.next()) {
    if (message.field === 1) message.integersInto(dimensions);
    else if (message.field === 2) dataType = message.saturated();
    else if (message.field === 4) message.floatsInto(floats);
    else if (message.field === 5 || message.field === 7) message.integersInto(integers);
    else if (message.field === 6) strings.push(message.bytes());
    else if (message.field === 8) name = message.text();
    else if (message.field === 9) raw = message.bytes();
    else if (message.field === 10) message.doublesInto(floats);
    else if (message.field === 11) message.integersInto(unsigned);
    else if (message.field === 13) readEntry(message.message(), reading, external);
    else if (message.field === 14) location = message.saturated();
    else message.skip();
  }
  const shape = checkedShape(name, dimensions, reading);
  const content = (): OnnxTensorContent => {
    if (location === 1) return externalContent(name, external, reading);
    if (raw !== undefined) return { kind: "raw", bytes: raw };
    if (floats.length > 0) return { kind: "floats", values: floats };
    if (integers.length > 0) return { kind: "integers", values: integers };
    if (unsigned.length > 0) return { kind: "integers", values: unsigned.map(asUnsigned) };
    if (strings.length > 0) return { kind: "strings", values: strings };
    return { kind: "raw", bytes: new Uint8Array(0) };
  };
  return { name, shape, dataType, content: content() };
}

/** The reader takes all integers for signed ones. */
function asUnsigned(value: number | bigint): number | bigint {
  return value < 0 ? BigInt.asUintN(64, BigInt(value)) : value;
}

function checkedShape(
  name: string,
  dimensions: readonly (number | bigint)[],
  { fail }: OnnxReading,
): number[] {
  const label = `tensor ${JSON.stringify(name.slice(0, 200))}`;
  if (dimensions.length > MOST_DIMENSIONS)
    throw fail(`${label} has ${dimensions.length} dimensions, expected at most ${MOST_DIMENSIONS}`);
  const shape = dimensions.map(Number);
  if (shape.some((size) => !(size >= 0)) || !Number.isSafeInteger(elementsOf(shape)))
    throw fail(`${label} has the shape [${shape.slice(0, 8).join(", ")}]`);
  return shape;
}

function externalContent(
  name: string,
  entries: ReadonlyMap<string, string>,
  { fail }: OnnxReading,
): OnnxTensorContent {
  const label = `tensor ${JSON.stringify(name.slice(0, 200))}`;
  const number = (key: string): number | undefined => {
    const text = entries.get(key);
    if (text === undefined) return undefined;
    const value = Number(text);
    if (!/^\d{1,16}$/.test(text) || !Number.isSafeInteger(value))
      throw fail(`${label} has its data elsewhere, at the ${key} ${JSON.stringify(text.slice(0, 40))}`);
    return value;
  };
  const location = entries.get("location") ?? "";
  if (location === "") throw fail(`${label} has its data in another file and does not say in which`);
  return { kind: "external", location, offset: number("offset") ?? 0, length: number("length") };
}
