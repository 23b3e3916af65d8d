import { typedArrayKind } from "../base/builtin_kinds.ts";
import { allocateArray, type TypedArray } from "../base/dtype.ts";
import { ArgumentError, ShapeError } from "../base/errors.ts";
import { formatShape, numel, sameShape } from "../base/shape.ts";
import { dtypeOfLeaf, valueFromData } from "../tensor/list_data.ts";
import { Tensor } from "../tensor/tensor.ts";
import type { ArrayBatch } from "./array_batch.ts";
import { toArray } from "./to_tensors.ts";

/** One part of an example: an image, a label. */
export type ExamplePart = Tensor | ArrayBatch | TypedArray | number | bigint | boolean;
/** One example, as `Dataset.get` gives it: its parts, usually image and label. */
export type Example = readonly ExamplePart[] | ExamplePart;

/**
 * Puts examples together to a batch, as PyTorch's default collation does: tensors are stacked; numbers become
 * float32, bigints int64, booleans bool. The losses take whole floats for class labels.
 *
 * @throws ShapeError if examples differ in the number of parts or in a part's shape.
 * @example
 * ```ts
 * const [x, y] = await data.collate([
 *   [tensor([0.5, 1]), 3],
 *   [tensor([1.5, 2]), 4],
 * ]);
 * x.shape; // [2, 2]
 * y.dtype; // "float32"
 * ```
 */
export async function collate(examples: readonly Example[]): Promise<ArrayBatch[]> {
  const rows = examples.map((example) => (Array.isArray(example) ? example : [example]) as ExamplePart[]);
  const count = rows[0]?.length ?? 0;
  const odd = rows.find((row) => row.length !== count);
  if (odd !== undefined)
    throw new ShapeError(`collate: one example has ${count} parts, another ${odd.length}`);
  return Promise.all(Array.from({ length: count }, (_, part) => stackParts(rows.map((row) => row[part]))));
}

async function stackParts(parts: readonly ExamplePart[]): Promise<ArrayBatch> {
  const [first] = parts;
  if (dtypeOfLeaf(first) !== undefined) return stackNumbers(parts);
  const arrays = await Promise.all(parts.map(arrayOf));
  const { shape, dtype } = arrays[0];
  const data = allocateArray(dtype, arrays.length * numel(shape));
  arrays.forEach((array, i) => {
    if (!sameShape(array.shape, shape) || array.dtype !== dtype) {
      throw new ShapeError(
        `collate: expected every example to be ${dtype} ${formatShape(shape)} like the first, ` +
          `got ${array.dtype} ${formatShape(array.shape)}; resize or pad them to one size`,
      );
    }
    data.set(array.data, i * numel(shape));
  });
  return { data, shape: [arrays.length, ...shape], dtype };
}

function stackNumbers(parts: readonly ExamplePart[]): ArrayBatch {
  const kind = typeof parts[0];
  if (parts.some((part) => typeof part !== kind)) {
    throw new ArgumentError(`collate: expected a ${kind} in every example, as in the first`);
  }
  return arraysIn(parts);
}

/** Scalars, typed arrays and lists of them, as plain data. */
function arraysIn(part: unknown): ArrayBatch {
  const { data, shape, dtype } = valueFromData("collate", part, null);
  return { data: data as TypedArray, shape: [...shape], dtype };
}

async function arrayOf(part: ExamplePart): Promise<ArrayBatch> {
  if (part instanceof Tensor) return toArray(part);
  if (typedArrayKind(part) !== undefined) return arraysIn(part);
  if (typeof part === "object" && part !== null && ArrayBuffer.isView((part as ArrayBatch).data))
    return part as ArrayBatch;
  throw new ArgumentError(
    `collate: expected tensors, typed arrays, numbers or { data, shape, dtype } as parts of an example, got ${typeof part}`,
  );
}
