/** Operators that give constants, sizes and other dtypes. */
import { type DType, isFloating } from "../../../base/dtype.ts";
import { FileError } from "../../../base/errors.ts";
import type { Failure } from "../../../io/formats/format_failure.ts";
import type { OnnxTensor } from "../../../io/formats/onnx/onnx_model.ts";
import { DATA_TYPES } from "../../../io/formats/onnx/onnx_model.ts";
import { dataTypeName, dtypeOfDataType, tensorArray } from "../../../io/formats/onnx/onnx_tensor.ts";
import type { Tensor } from "../../../tensor/tensor.ts";
import { KnownArray, knownIntegers } from "../known_array.ts";
import { elementwise, MOST_KNOWN } from "../known_math.ts";
import { NodeFault, type NodeSettings, type OnnxOperator, UnsupportedNode } from "../operator.ts";

/** A tensor of a file as a known array. @throws FileError if it cannot be held. */
export function knownTensor(tensor: OnnxTensor, fail: Failure): KnownArray {
  const { data, shape, dtype } = tensorArray(tensor, fail);
  return KnownArray.stored(dtype, shape, data);
}

/** An attribute's tensor. */
function attributeTensor(node: NodeSettings, name: string): KnownArray | undefined {
  const tensor = node.attribute(name, "tensor");
  if (tensor === undefined) return undefined;
  return knownTensor(tensor, (message) => new FileError(message));
}

const constant: OnnxOperator = {
  onKnown: true,
  limits: "numbers; no texts, no sparse tensors",
  build(node) {
    const found = constantOf(node);
    if (found === undefined) throw new UnsupportedNode("of texts or of a sparse tensor");
    return () => found;
  },
};

function constantOf(node: NodeSettings): KnownArray | undefined {
  if (node.has("value")) return attributeTensor(node, "value");
  if (node.has("value_float")) return KnownArray.of("float32", [], [node.float("value_float", 0)]);
  if (node.has("value_int")) return KnownArray.of("int64", [], [node.integer("value_int", 0)]);
  const floats = node.has("value_floats") ? (node.attribute("value_floats", "floats") ?? []) : undefined;
  if (floats !== undefined) return KnownArray.of("float32", [floats.length], floats);
  const integers = node.has("value_ints") ? (node.integers("value_ints") ?? []) : undefined;
  return integers === undefined ? undefined : knownIntegers(integers);
}

const constantOfShape: OnnxOperator = {
  onKnown: true,
  build(node) {
    const value = attributeTensor(node, "value") ?? KnownArray.of("float32", [1], [0]);
    if (value.size !== 1) throw new UnsupportedNode(`of ${value.size} values`);
    return (inputs) => {
      const sizes = inputs.numbers(0, "shape");
      const isShape = sizes.every((n) => Number.isSafeInteger(n) && n >= 0);
      if (!isShape || !Number.isSafeInteger(sizes.reduce((a, b) => a * b, 1)))
        throw new NodeFault(`[${sizes.slice(0, 8).join(", ")}] is not a shape`);
      return KnownArray.filled(value.dtype, sizes, value.data[0]);
    };
  },
};

const shape: OnnxOperator = {
  onKnown: true,
  build(node) {
    const [start, end] = [node.integer("start", 0), node.integer("end", Number.MAX_SAFE_INTEGER)];
    return (inputs) => knownIntegers(inputs.value(0).shape.slice(start, end));
  },
};

const size: OnnxOperator = {
  onKnown: true,
  build: () => (inputs) =>
    KnownArray.of("int64", [], [inputs.value(0).shape.reduce((product, n) => product * n, 1)]),
};

const range: OnnxOperator = {
  onKnown: true,
  build: () => (inputs) => {
    const [start, limit, delta] = [0, 1, 2].map((place) =>
      inputs.number(place, ["start", "limit", "step"][place]),
    );
    const count = Math.max(0, Math.ceil((limit - start) / delta));
    if (!(count <= MOST_KNOWN))
      throw new NodeFault(`a range from ${start} to ${limit} by ${delta} is too long`);
    const { dtype } = inputs.value(0);
    return KnownArray.of(
      dtype,
      [count],
      Array.from({ length: count }, (_, i) => start + i * delta),
    );
  },
};

/** Data types with a dtype of their own. */
const EXACT: readonly number[] = [
  DATA_TYPES.FLOAT,
  DATA_TYPES.DOUBLE,
  DATA_TYPES.FLOAT16,
  DATA_TYPES.BFLOAT16,
  DATA_TYPES.INT32,
  DATA_TYPES.INT64,
  DATA_TYPES.UINT8,
  DATA_TYPES.BOOL,
];

const cast: OnnxOperator = {
  onKnown: true,
  limits: "to FLOAT, DOUBLE, FLOAT16, BFLOAT16, INT32, INT64, UINT8 and BOOL",
  build(node) {
    const to = node.integer("to", 0);
    const dtype = dtypeOfDataType(to);
    if (dtype === undefined || !EXACT.includes(to)) throw new UnsupportedNode(`to ${dataTypeName(to)}`);
    return (inputs) => converted(inputs.value(0), dtype);
  },
};

function converted(value: KnownArray | Tensor, dtype: DType): KnownArray | Tensor {
  if (value.dtype === dtype) return value;
  if (!(value instanceof KnownArray)) return value.to(dtype) as Tensor;
  if (value.fill !== undefined) return KnownArray.filled(dtype, value.shape, value.fill);
  const whole = !isFloating(dtype) && dtype !== "bool";
  return (
    elementwise(dtype, [value], (x) => (whole ? Math.trunc(x) : x)) ?? (value.tensor().to(dtype) as Tensor)
  );
}

const castLike: OnnxOperator = {
  onKnown: true,
  build: () => (inputs) => converted(inputs.value(0), inputs.value(1).dtype),
};

const identity: OnnxOperator = { isView: true, onKnown: true, build: () => (inputs) => inputs.value(0) };

const eyeLike: OnnxOperator = {
  onKnown: true,
  build(node) {
    const [to, k] = [node.integer("dtype", 0), node.integer("k", 0)];
    return (inputs) => {
      const like = inputs.value(0);
      if (like.shape.length !== 2 || like.shape[0] * like.shape[1] > MOST_KNOWN)
        throw new NodeFault(`expected a small matrix, got the shape [${like.shape.slice(0, 8).join(", ")}]`);
      const columns = like.shape[1];
      const numbers = Float64Array.from({ length: like.shape[0] * columns }, (_, i) =>
        (i % columns) - Math.floor(i / columns) === k ? 1 : 0,
      );
      return KnownArray.of(dtypeOfDataType(to) ?? like.dtype, like.shape, numbers);
    };
  },
};

export const CONSTANTS: Readonly<Record<string, OnnxOperator>> = {
  Constant: constant,
  ConstantOfShape: constantOfShape,
  Shape: shape,
  Size: size,
  Range: range,
  EyeLike: eyeLike,
  Cast: cast,
  CastLike: castLike,
  Identity: identity,
};
