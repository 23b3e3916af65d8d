/** What a call of a network left behind: which result was made of which. The library records it to compute it later. */
import type { Tensor } from "convoyant";

/** An op of the recording. */
export interface RecordedNode {
  readonly op: { readonly name: string };
  readonly attributes: Readonly<Record<string, unknown>>;
  readonly inputs: readonly RecordedValue[];
  readonly outputs: readonly RecordedValue[];
}

/** A tensor's contents: a result of an op, or given. */
export interface RecordedValue {
  readonly node: RecordedNode | null;
  readonly index: number;
  readonly shape: readonly number[];
  /** Its elements, if they were given and are here. */
  readonly data?: ArrayLike<number> | null;
}

/** The library does not declare it: the Lab and the library are of one version. */
export function valueOf(tensor: Tensor): RecordedValue {
  return sameValue((tensor as unknown as { readonly value: RecordedValue }).value);
}

/** Several objects can stand for one result. */
export function sameValue(value: RecordedValue): RecordedValue {
  return value.node === null ? value : value.node.outputs[value.index];
}
