/** Values whose elements are made when they are first read: a weight that is loaded over never is. */
import { allocateArray, type DType, type TypedArray } from "../base/dtype.ts";
import { numel, type Shape } from "../base/shape.ts";
import { constantValue, type Value } from "./node.ts";

const EMPTY = new Float32Array(0);

/** Makes the elements, in an array of zeros. */
export type DeferredFill = (out: TypedArray) => void;

const fills = new WeakMap<Value, DeferredFill>();

export function deferredValue(shape: Shape, dtype: DType, fill: DeferredFill): Value {
  const value = constantValue(EMPTY, [...shape], dtype);
  const become = (data: Value["data"]) => {
    fills.delete(value);
    Object.defineProperty(value, "data", {
      value: data,
      writable: true,
      enumerable: true,
      configurable: true,
    });
    return data;
  };
  const make = () => {
    const out = allocateArray(dtype, numel(shape));
    fill(out);
    return become(out);
  };
  Object.defineProperty(value, "data", { get: make, set: become, enumerable: true, configurable: true });
  fills.set(value, fill);
  return value;
}

/** What makes the elements of a value; undefined if they are made, or there are none. */
export function deferredFill(value: Value): DeferredFill | undefined {
  return fills.get(value);
}
