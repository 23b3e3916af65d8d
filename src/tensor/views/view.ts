/** Tensors that are views of others. */
import { ShapeError } from "../../base/errors.ts";
import { formatShape, type Shape } from "../../base/shape.ts";
import { reshape } from "../../ops/shape/shape_ops.ts";
import { Tensor } from "../tensor.ts";
import { reshapedLayout } from "./layout.ts";
import { reshapeStep, type StridedStep } from "./steps.ts";
import { ViewCell } from "./view_cell.ts";

/**
 * The view of a tensor that a step gives.
 *
 * @param oneOfSeveral - for functions that give several views at once, which may not be changed while the tape records.
 */
export function viewOf(input: Tensor, step: StridedStep, oneOfSeveral = false): Tensor {
  const { cell } = input;
  return new Tensor(new ViewCell(cell, step, step.lay(cell.layout), oneOfSeveral));
}

/** The elements under another shape: a view if the layout in memory allows it, else a copy. */
export function reshapedView(input: Tensor, shape: Shape): Tensor {
  const layout = reshapedLayout(input.cell.layout, shape);
  if (layout === null) return new Tensor(reshape(input.value, shape));
  return new Tensor(new ViewCell(input.cell, reshapeStep(shape), layout));
}

/** @throws ShapeError if the elements do not lie so that a view of this shape is possible. */
export function requireViewable(of: string, input: Tensor, shape: Shape): void {
  const { layout } = input.cell;
  if (reshapedLayout(layout, shape) !== null) return;
  throw new ShapeError(
    `${of}: ${formatShape(layout.sizes)} with strides ${formatShape(layout.strides)} cannot be seen as ${formatShape(shape)} ` +
      "without a copy; use reshape(), or contiguous() first",
  );
}
