/** The numbers of an ONNX tensor. */
import { arrayFrom, type DType, isHalf } from "../../../base/dtype.ts";
import type { NamedArray } from "../../safetensors/safetensors.ts";
import { STORED_DTYPES, storedBytes } from "../../safetensors/safetensors_dtypes.ts";
import { elementsOf } from "../element_layout.ts";
import type { Failure } from "../format_failure.ts";
import { clamped } from "../protobuf/protobuf_reader.ts";
import { DATA_TYPES, type OnnxTensor } from "./onnx_model.ts";

/** Types that can be held, by the names of `STORED_DTYPES`. */
const STORED: ReadonlyMap<number, string> = new Map([
  [DATA_TYPES.FLOAT, "F32"],
  [DATA_TYPES.UINT8, "U8"],
  [DATA_TYPES.INT8, "I8"],
  [DATA_TYPES.UINT16, "U16"],
  [DATA_TYPES.INT16, "I16"],
  [DATA_TYPES.INT32, "I32"],
  [DATA_TYPES.INT64, "I64"],
  [DATA_TYPES.BOOL, "BOOL"],
  [DATA_TYPES.FLOAT16, "F16"],
  [DATA_TYPES.DOUBLE, "F64"],
  [DATA_TYPES.UINT32, "U32"],
  [DATA_TYPES.UINT64, "U64"],
  [DATA_TYPES.BFLOAT16, "BF16"],
]);

const WRITTEN: Readonly<Record<DType, number>> = {
  float32: DATA_TYPES.FLOAT,
  float64: DATA_TYPES.DOUBLE,
  float16: DATA_TYPES.FLOAT16,
  bfloat16: DATA_TYPES.BFLOAT16,
  int32: DATA_TYPES.INT32,
  int64: DATA_TYPES.INT64,
  uint8: DATA_TYPES.UINT8,
  bool: DATA_TYPES.BOOL,
};

/** A data type by its name in `onnx.proto`: "FLOAT". */
export function dataTypeName(dataType: number): string {
  return Object.entries(DATA_TYPES).find(([, code]) => code === dataType)?.[0] ?? `number ${dataType}`;
}

/** Our dtype for a data type: the next wider one if there is none; undefined for texts, complex and 8-bit floats. */
export function dtypeOfDataType(dataType: number): DType | undefined {
  const stored = STORED.get(dataType);
  return stored === undefined ? undefined : STORED_DTYPES.get(stored)?.dtype;
}

/** The data type under which one of our dtypes is written. */
export function dataTypeOf(dtype: DType): number {
  return WRITTEN[dtype];
}

/** Bytes of an element in raw_data; undefined for types that cannot be held. */
export function rawElementBytes(dataType: number): number | undefined {
  return STORED_DTYPES.get(STORED.get(dataType) ?? "")?.bytes;
}

/** A tensor for a file; its bytes are a view of `data` if memory and file agree. */
export function onnxTensor(name: string, { data, shape, dtype }: NamedArray): OnnxTensor {
  return {
    name,
    shape,
    dataType: WRITTEN[dtype],
    content: { kind: "raw", bytes: storedBytes(name, data, dtype) },
  };
}

/**
 * The elements of a tensor, copied.
 *
 * int8, int16 and uint16 come as int32, uint32, int64 and uint64 as int64; integers beyond ±(2^53 - 1) are cut to that.
 *
 * @throws FileError for types that cannot be held, as many elements as the shape does not ask for, and external data
 *   that was not read.
 */
export function tensorArray(tensor: OnnxTensor, fail: Failure): NamedArray {
  const { name, dataType, content } = tensor;
  const shape = [...tensor.shape];
  const stored = STORED_DTYPES.get(STORED.get(dataType) ?? "");
  const label = `tensor ${JSON.stringify(name.slice(0, 200))}`;
  if (stored === undefined)
    throw fail(
      `${label} is of type ${dataTypeName(dataType)}, which cannot be held`,
      "export the network in FLOAT",
    );
  const count = elementsOf(shape);
  const require = (has: number, unit: string, wanted: number) => {
    if (has !== wanted)
      throw fail(`${label} of shape [${shape.join(", ")}] has ${has} ${unit}, expected ${wanted}`);
  };
  switch (content.kind) {
    case "raw": {
      require(content.bytes.length, "bytes", count * stored.bytes);
      // A copy is aligned wherever the tensor stands in the file. (Not slice(): of a Node Buffer that is a view.)
      const { buffer } = new Uint8Array(content.bytes);
      if (stored.bytes === 8 && stored.dtype === "int64")
        return { data: saturated(buffer, count, dataType === DATA_TYPES.UINT64), shape, dtype: "int64" };
      const data = stored.read(buffer, count, () => fail(`${label} is damaged`));
      return { data, shape, dtype: stored.dtype };
    }
    case "floats":
    case "integers": {
      require(content.values.length, "elements", count);
      const wrongField = (content.kind === "floats") !== (dataType === 1 || dataType === DATA_TYPES.DOUBLE);
      if (wrongField) throw fail(`${label} has its ${dataTypeName(dataType)} in the field of another type`);
      const numbers = Float64Array.from<number | bigint>(
        content.values,
        stored.dtype === "int64" ? clamped : Number,
      );
      // 16-bit floats stand there as their bits.
      if (isHalf(stored.dtype)) return { data: Uint16Array.from(numbers), shape, dtype: stored.dtype };
      return { data: arrayFrom(stored.dtype, numbers), shape, dtype: stored.dtype };
    }
    case "strings":
      throw fail(`${label} holds texts, expected numbers`);
    case "external":
      throw fail(`${label} is in the file ${content.location}, which was not read`, "load that too");
  }
}

/** 64-bit integers as numbers. */
function saturated(buffer: ArrayBuffer, count: number, unsigned: boolean): Float64Array {
  const view = new DataView(buffer);
  const out = new Float64Array(count);
  for (let i = 0; i < count; i++) {
    const high = unsigned ? view.getUint32(8 * i + 4, true) : view.getInt32(8 * i + 4, true);
    const value = high * 2 ** 32 + view.getUint32(8 * i, true);
    out[i] = clamped(value);
  }
  return out;
}
