/** How element-wise functions of one tensor are made from ops. */
import { DTypeError } from "../../../base/errors.ts";
import { emit, type OpDefinition, type Value } from "../../../graph/node.ts";
import { floatingValue } from "../../operands.ts";
import { defineCall, Tensor, valueOf } from "../../tensor.ts";

/** A function of one tensor. */
export interface UnaryParameters {
  /** The tensor. */
  input: Tensor;
}

/** Of floating-point numbers; integers become float32 first. */
export const floating = (name: string, op: OpDefinition) =>
  defineCall<UnaryParameters>(name)(["input"], (input) => new Tensor(emit(op, [floatingValue(name, input)])));

/** Of any numbers, but not of bools. */
export const anyNumber = (name: string, op: OpDefinition) =>
  defineCall<UnaryParameters>(name)(
    ["input"],
    (input: Tensor): Tensor => new Tensor(emit(op, [numberValue(name, input)])),
  );

/** Of anything, by other ops. */
export const computed = (name: string, body: (value: Value) => Value) =>
  defineCall<UnaryParameters>(name)(
    ["input"],
    (input: Tensor): Tensor => new Tensor(body(valueOf(input, "input", name))),
  );

/** The value behind a tensor; throws a DTypeError for bools. */
export function numberValue(name: string, input: unknown): Value {
  const value = valueOf(input, "input", name);
  if (value.dtype !== "bool") return value;
  throw new DTypeError(
    `${name}: expected numbers, got bool; convert it with .to("int64"), or use logicalNot`,
  );
}
