/** Tensors as plain data, which crosses between ranks. */
import type { TypedArray } from "../../base/dtype.ts";
import { constantValue } from "../../graph/node.ts";
import { defaultSession } from "../../runtime/runtime.ts";
import { Tensor } from "../../tensor/tensor.ts";

export interface PlainTensor {
  readonly data: TypedArray;
  readonly shape: readonly number[];
  readonly dtype: Tensor["dtype"];
}

export async function plainTensor({ value, shape, dtype }: Tensor): Promise<PlainTensor> {
  return { data: await defaultSession().fetch(value), shape: [...shape], dtype };
}

export function tensorOf({ data, shape, dtype }: PlainTensor): Tensor {
  return new Tensor(constantValue(data, [...shape], dtype));
}
