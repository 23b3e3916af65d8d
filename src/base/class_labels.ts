/** Class labels, checked against the number of classes. */
import type { TypedArray } from "./dtype.ts";
import { IndexError } from "./errors.ts";

/** How labels are read: how many classes there are, which label is left out, and for whom. */
export interface LabelRule {
  readonly classes: number;
  readonly ignoreIndex: number;
  /** Name of the function, for the message. */
  readonly of: string;
}

/**
 * The labels as int32, with -1 for those that are left out.
 *
 * @throws IndexError that names the first label out of range and its position in row-major order.
 */
export function checkedLabels(labels: TypedArray, rule: LabelRule): Int32Array<ArrayBuffer> {
  const { classes, ignoreIndex } = rule;
  const out = new Int32Array(labels.length);
  for (let i = 0; i < labels.length; i++) {
    const label = labels[i];
    if (label === ignoreIndex) out[i] = -1;
    else if (label >= 0 && label < classes) out[i] = label;
    else throw outOfRange(label, i, rule);
  }
  return out;
}

function outOfRange(label: number, position: number, { classes, ignoreIndex, of }: LabelRule): IndexError {
  return new IndexError(
    `${of}: label ${label} at position ${position} is out of range: ` +
      `expected 0 to ${classes - 1} (${classes} classes)${Number.isFinite(ignoreIndex) ? ` or ignoreIndex ${ignoreIndex}` : ""}`,
  );
}
