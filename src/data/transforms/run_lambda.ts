import { ArgumentError } from "../../base/errors.ts";
import { numel } from "../../base/shape.ts";
import { shownValue } from "../../base/shown_value.ts";
import type { ArrayBatch } from "../array_batch.ts";
import type { BatchOperation, SpecOf, TransformContext } from "./transform_spec.ts";

/**
 * Runs a program's own function.
 *
 * @throws ArgumentError if the description comes from a record, which keeps no functions, and if the function gives
 *   anything but a batch of as many images.
 */
export function runLambda(
  batch: Readonly<ArrayBatch>,
  spec: SpecOf<"Lambda">,
  context: TransformContext,
): ArrayBatch {
  const { name } = spec;
  const apply = requireFunction(spec);
  const result: unknown = apply({ ...batch, data: batch.data.slice(), shape: [...batch.shape] }, context);
  const { data, shape } = (result ?? {}) as Partial<ArrayBatch>;
  if (
    !ArrayBuffer.isView(data) ||
    !Array.isArray(shape) ||
    shape[0] !== batch.shape[0] ||
    numel(shape) !== data.length
  ) {
    throw new ArgumentError(
      `Lambda: expected ${name === "" ? "the function" : name} to give { data, shape, dtype } of ${batch.shape[0]} images ` +
        `(not a promise), got ${shownValue(result)}`,
    );
  }
  return result as ArrayBatch;
}

/** @throws ArgumentError if the description comes from a record. */
export function requireFunction({ name, apply }: SpecOf<"Lambda">): BatchOperation {
  if (typeof apply === "function") return apply;
  throw new ArgumentError(
    `Lambda: the function ${shownValue(name)} was not recorded with the transform; make it again with Lambda(...)`,
  );
}
