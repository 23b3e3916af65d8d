/** What a reference kernel is: the readable definition of an op, in plain loops over contiguous arrays. */
import type { DType, TypedArray } from "../../base/dtype.ts";
import type { Shape } from "../../base/shape.ts";
import type { Attributes } from "../contract/engine.ts";

export interface ArrayArgument {
  readonly data: TypedArray;
  readonly shape: Shape;
  readonly dtype: DType;
}

export interface KernelCall {
  readonly inputs: readonly ArrayArgument[];
  /** To be filled completely; holds anything before. */
  readonly outputs: readonly ArrayArgument[];
  readonly attributes: Attributes;
}

export type ReferenceKernel = (call: KernelCall) => void;

/** By op. */
export type ReferenceKernels = Readonly<Record<string, ReferenceKernel>>;

/** A kernel for each name, made from its rule; the type keeps the names. */
export function kernelsOf<Name extends string, Rule>(
  rules: Readonly<Record<Name, Rule>>,
  make: (rule: Rule, name: Name) => ReferenceKernel,
): Readonly<Record<Name, ReferenceKernel>> {
  const made = Object.entries(rules).map(([name, rule]) => [name, make(rule as Rule, name as Name)]);
  return Object.fromEntries(made) as Record<Name, ReferenceKernel>;
}
