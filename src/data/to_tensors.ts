import { fromTypedArray, Tensor } from "../tensor/tensor.ts";
import type { ArrayBatch } from "./array_batch.ts";

/** The one place where plain data becomes a tensor. The tensor takes the data over. */
export function toTensor(batch: ArrayBatch | Tensor): Tensor {
  return batch instanceof Tensor ? batch : fromTypedArray(batch.data, batch.shape, batch.dtype);
}

/** A tensor's values as plain data. */
export async function toArray(tensor: Tensor): Promise<ArrayBatch> {
  return { data: await tensor.data(), shape: tensor.shape, dtype: tensor.dtype };
}
