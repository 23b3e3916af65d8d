/** Class labels in losses. */

import type { LabelRule } from "../../base/class_labels.ts";
import { isFloating } from "../../base/dtype.ts";
import { DTypeError } from "../../base/errors.ts";
import { emit, type OpDefinition, type Value } from "../../graph/node.ts";
import { arange } from "../creation.ts";
import { eq } from "../elementwise/elementwise.ts";
import { reshape } from "../shape/shape_ops.ts";

/**
 * Labels as int32 with -1 for those that are left out; its kernel throws an IndexError for one out of range.
 * Attributes `classes`, `ignoreIndex`, `of` (who asks, for the message).
 */
export const classLabelsOp: OpDefinition = {
  name: "classLabels",
  checksData: true,
  infer([labels]) {
    if (isFloating(labels.dtype))
      throw new DTypeError(`expected labels of an integer dtype, got ${labels.dtype}`);
    return [{ shape: labels.shape, dtype: "int32" }];
  },
};

export function classLabels(labels: Value, { classes, ignoreIndex, of }: LabelRule): Value {
  return emit(classLabelsOp, [labels], { classes, ignoreIndex, of });
}

/**
 * Where the classes along `classDim` are those of the int32 labels: a mask that broadcasts to the scores, and
 * that the loss reads instead of gathering, so that it joins the loops around it.
 */
export function labelMask(labels: Value, classes: number, classDim: number): Value {
  const rank = labels.shape.length + 1;
  const spread = [...labels.shape];
  spread.splice(classDim, 0, 1);
  const along = Array.from({ length: rank }, (_, d) => (d === classDim ? classes : 1));
  return eq(reshape(labels, spread), reshape(arange(classes, "int32"), along));
}
