/** What the table of conversions to ONNX is written against. */
import type { DType } from "../../base/dtype.ts";
import type { Attributes } from "../../engines/contract/engine.ts";

/** A multiple of the size of the batch, which a file leaves open. */
export interface BatchSize {
  readonly times: number;
}

/** The size of a dimension. */
export type OnnxSize = number | BatchSize;

/** A value of the graph that is written. */
export interface OnnxOperand {
  readonly name: string;
  readonly shape: readonly OnnxSize[];
  readonly dtype: DType;
}

/** What an op gives. */
export interface OnnxResult {
  readonly shape: readonly OnnxSize[];
  readonly dtype: DType;
  /** Whether anything reads it. */
  readonly isUsed: boolean;
}

/** A node's attribute; ONNX tells integers from floats. */
export type OnnxSetting =
  | { readonly type: "int"; readonly value: number }
  | { readonly type: "ints"; readonly value: readonly number[] }
  | { readonly type: "float"; readonly value: number }
  | { readonly type: "string"; readonly value: string };

export type OnnxSettings = Readonly<Record<string, OnnxSetting>>;

export const int = (value: number | boolean): OnnxSetting => ({ type: "int", value: Number(value) });
export const ints = (value: readonly number[]): OnnxSetting => ({ type: "ints", value: [...value] });
export const float = (value: number): OnnxSetting => ({ type: "float", value });
export const text = (value: string): OnnxSetting => ({ type: "string", value });

/** Adds nodes to the graph that is written. Values are known by their names. */
export interface OnnxWriter {
  /** Version of the operators. */
  readonly opset: number;
  /** A node with one output: its name. */
  node(operator: string, inputs: readonly string[], settings?: OnnxSettings): string;
  /** A node with several outputs: their names. */
  nodes(operator: string, inputs: readonly string[], settings: OnnxSettings, outputs: number): string[];
  /** Numbers that are fixed. */
  constant(values: readonly number[], shape: readonly number[], dtype: DType): string;
  /** A shape as an int64 list, computed if it depends on the batch. */
  shape(sizes: readonly OnnxSize[]): string;
}

/** One call of an op. */
export interface OnnxCall {
  readonly inputs: readonly OnnxOperand[];
  readonly outputs: readonly OnnxResult[];
  readonly attributes: Attributes;
  readonly to: OnnxWriter;
}

/** Writes a call; gives the name of each output. */
export type OnnxConversion = (call: OnnxCall) => string | readonly string[];

/** Why an op cannot be written, and what to do. */
export interface NoConversion {
  readonly cannot: string;
}

/** How an op is written: by a conversion, as the ops that it decomposes into, or not at all. */
export type OnnxRule = OnnxConversion | "decompose" | NoConversion;

/** Thrown by a conversion for a call that ONNX cannot express. The text says what to do. */
export class NotExpressible extends Error {
  override name = "NotExpressible";
}

/** A scalar of an operand's dtype. */
export function scalar({ to }: OnnxCall, value: number, dtype: DType): string {
  return to.constant([value], [], dtype);
}

/** A list of int64. */
export function integers({ to }: OnnxCall, values: readonly number[]): string {
  return to.constant(values, [values.length], "int64");
}

/** A size that must not depend on the batch. */
export function fixed(size: OnnxSize, what: string): number {
  if (typeof size === "number") return size;
  throw new NotExpressible(`${what} depends on the size of the batch; make it one of the other dimensions`);
}

/** An attribute as it was recorded; it must not depend on the batch. */
export function attribute<T>({ attributes }: OnnxCall, name: string): T {
  if (attributes[name] === BATCH_DEPENDENT)
    throw new NotExpressible(
      `its ${name} depends on the size of the batch; compute it from the other dimensions`,
    );
  return attributes[name] as T;
}

/** Stands for an attribute that is another one for another size of the batch. */
export const BATCH_DEPENDENT = Symbol("depends on the batch");

const CODES: Readonly<Record<DType, number>> = {
  float32: 1,
  uint8: 2,
  int32: 6,
  int64: 7,
  bool: 9,
  float16: 10,
  float64: 11,
  bfloat16: 16,
};

/** The operand converted to a dtype. */
export function converted({ to }: OnnxCall, { name, dtype }: OnnxOperand, wanted: DType): string {
  return dtype === wanted ? name : to.node("Cast", [name], { to: int(CODES[wanted]) });
}
