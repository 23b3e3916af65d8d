/** Tensors and storages as a pickle of PyTorch describes them; their data lie elsewhere. */

import { STORED_DTYPES, type StoredDType } from "../../safetensors/safetensors_dtypes.ts";
import { MAX_RANK } from "../../safetensors/safetensors_limits.ts";
import { type ElementLayout, elementsOf, endOfLayout } from "../element_layout.ts";
import type { Failure } from "../format_failure.ts";
import { PickleTuple } from "../pickle/pickle_values.ts";

/** The memory of one or more tensors. */
export interface PickledStorage {
  /** Where the file keeps it. */
  readonly key: string;
  /** Name of its dtype in `STORED_DTYPES`; null if it is only bytes. */
  readonly dtype: string | null;
  /** Bytes of the memory that the file keeps under the key. */
  readonly rootBytes: number;
  /** The same in elements. */
  readonly elements: number;
  /** Where in that memory this storage begins: files before 2018 have storages inside others. */
  readonly start: number;
  readonly bytes: number;
}

/** A tensor: a layout of elements in a storage. */
export class PickledTensor {
  readonly storage: PickledStorage;
  readonly stored: StoredDType;
  readonly layout: ElementLayout;

  constructor(storage: PickledStorage, stored: StoredDType, layout: ElementLayout) {
    this.storage = storage;
    this.stored = stored;
    this.layout = layout;
  }
}

export function isPickledStorage(value: unknown): value is PickledStorage {
  return (
    typeof value === "object" && value !== null && typeof (value as PickledStorage).rootBytes === "number"
  );
}

/**
 * Adds a storage to those that the pickle has named by their key.
 *
 * @throws FileError if it was named with another size.
 */
export function noteStorage(
  known: Map<string, PickledStorage>,
  storage: PickledStorage,
  fail: Failure,
): PickledStorage {
  const before = known.get(storage.key);
  if (before !== undefined && before.rootBytes !== storage.rootBytes)
    throw fail(`the storage ${storage.key.slice(0, 80)} has two sizes`);
  if (before === undefined) known.set(storage.key, storage);
  return storage;
}

/** What `torch._utils._rebuild_tensor` and its successors take first. */
type TensorArguments = readonly [storage: unknown, offset: unknown, size: unknown, stride: unknown];

/**
 * A tensor from the arguments of `_rebuild_tensor...`.
 *
 * @param dtype - name in `STORED_DTYPES`, for storages of bytes.
 * @throws FileError if it is not a tensor that can be read, or reaches beyond its storage.
 */
export function pickledTensor(
  [storage, offset, size, stride]: TensorArguments,
  dtype: string | null,
  fail: Failure,
): PickledTensor {
  if (!isPickledStorage(storage)) throw fail("a tensor has no storage");
  const name = dtype ?? storage.dtype;
  if (name === null) throw fail("a tensor of plain bytes has no dtype");
  const stored = STORED_DTYPES.get(name);
  if (stored === undefined)
    throw fail(
      `a tensor has dtype ${name}, which cannot be read`,
      "convert it in Python first: tensor.to(torch.float32)",
    );
  const shape = countsOf(size);
  const strides = countsOf(stride);
  if (shape === null || strides === null || shape.length !== strides.length || !isCount(offset))
    throw fail("a tensor has a shape, strides or an offset that are not lists of non-negative integers");
  if (shape.length > MAX_RANK)
    throw fail(`a tensor has ${shape.length} dimensions, the limit is ${MAX_RANK}`);
  const layout: ElementLayout = { offset, shape, strides };
  const [end, room] = [endOfLayout(layout), Math.floor(storage.bytes / stored.bytes)];
  if (!(end <= room) || !Number.isSafeInteger(elementsOf(shape)))
    throw fail(
      `a tensor of shape [${shape.slice(0, 16).join(", ")}] reaches beyond its storage of ${room} elements`,
    );
  return new PickledTensor(storage, stored, layout);
}

export function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

function countsOf(value: unknown): number[] | null {
  const items = value instanceof PickleTuple ? value.items : Array.isArray(value) ? value : null;
  return items?.every(isCount) ? ([...items] as number[]) : null;
}
