/**
 * Resizing with Pillow's arithmetic in ONNX, for images of any size: the library's own resize (`data/transforms/resample.ts`)
 * to the last bit. (The operator Resize differs from it by a level here and there: its weights are not in fixed point.)
 *
 * A pass along a side is a product with a matrix of weights, which is computed in the graph from the sizes. All numbers are
 * integers below 2^53 in float64, so that no sum is rounded.
 */

import { int } from "../../ops/onnx/conversion.ts";
import type { PreprocessingInterpolation } from "../../records/preprocessing.ts";
import { GraphWriter } from "./graph_writer.ts";

/** The fixed point of Pillow's weights. */
const SCALE = 2 ** 22;

/** A side of the image, its sizes as int64 scalars. */
export interface Side {
  readonly input: string;
  readonly output: string;
  /** How many of the output's pixels are kept, from the middle; null: all. */
  readonly crop: number | null;
}

/** Calls of operators on float64 numbers, for formulas. */
function doubles(to: GraphWriter) {
  const number = (value: number) => to.constant([value], [], "float64");
  const named = (one: string | number) => (typeof one === "number" ? number(one) : one);
  const call =
    (operator: string) =>
    (...inputs: readonly (string | number)[]) =>
      to.node(operator, inputs.map(named));
  return {
    number,
    add: call("Add"),
    sub: call("Sub"),
    mul: call("Mul"),
    div: call("Div"),
    max: call("Max"),
    abs: call("Abs"),
    sign: call("Sign"),
    floor: call("Floor"),
    round: call("Round"),
    less: call("Less"),
    where: call("Where"),
    clip: call("Clip"),
    range: call("Range"),
    matmul: call("MatMul"),
    of: (name: string) => to.node("Cast", [name], { to: int(11) }),
    insert: (name: string, axis: number) => to.node("Unsqueeze", [name, to.constant([axis], [1], "int64")]),
  };
}

/** The output pixels that are kept, as float64 numbers: those from round((output - crop) / 2) on, half to even. */
function keptPixels(to: GraphWriter, { output, crop }: Side): string {
  const f = doubles(to);
  const size = f.of(output);
  if (crop === null) return f.range(0, size, 1);
  return f.add(f.range(0, crop, 1), f.round(f.div(f.sub(size, crop), 2)));
}

/** Weights of each input pixel in each output pixel, [outputs, inputs], times 2^22. */
function weightMatrix(to: GraphWriter, side: Side, interpolation: "bilinear" | "bicubic"): string {
  const f = doubles(to);
  const inputs = f.of(side.input);
  const scale = f.div(inputs, f.of(side.output));
  const filterScale = f.max(scale, 1);
  const centres = f.mul(f.add(keptPixels(to, side), 0.5), scale);
  const offsets = f.add(f.sub(f.insert(f.range(0, inputs, 1), 0), f.insert(centres, 1)), 0.5);
  const distances = f.abs(f.mul(offsets, f.div(1, filterScale)));
  const weights = interpolation === "bilinear" ? f.max(f.sub(1, distances), 0) : cubicWeights(to, distances);
  const sums = to.node("ReduceSum", [weights, to.constant([1], [1], "int64")], { keepdims: int(1) });
  const scaled = f.mul(f.div(weights, sums), SCALE);
  return f.mul(f.sign(scaled), f.floor(f.add(f.abs(scaled), 0.5)));
}

/** Keys' kernel with the parameter -0.5. */
function cubicWeights(to: GraphWriter, x: string): string {
  const f = doubles(to);
  const near = f.add(f.mul(f.mul(f.sub(f.mul(x, 1.5), 2.5), x), x), 1);
  const far = f.mul(f.sub(f.mul(f.add(f.mul(f.sub(x, 5), x), 8), x), 4), -0.5);
  return f.where(f.less(x, 1), near, f.where(f.less(x, 2), far, 0));
}

/** The sum of a pass as a level: rounded, within 0 to 255. */
function asLevels(to: GraphWriter, sums: string): string {
  const f = doubles(to);
  return f.clip(f.floor(f.mul(f.add(sums, SCALE / 2), 1 / SCALE)), 0, 255);
}

/**
 * Resizes images [N, C, H, W] of float64 levels and keeps the middle.
 *
 * Pillow 13 shortens the columns first if they lose more than twice as many pixels as the rows, else the rows.
 */
export function resizeGraph(
  to: GraphWriter,
  images: string,
  [rows, columns]: readonly [Side, Side],
  interpolation: PreprocessingInterpolation,
): string {
  if (interpolation === "nearest") return nearestGraph(to, nearestGraph(to, images, rows, 2), columns, 3);
  const alongRows = to.node("Transpose", [weightMatrix(to, columns, interpolation)]);
  const alongColumns = weightMatrix(to, rows, interpolation);
  const lost = ({ input, output }: Side) => to.node("Sub", [input, output]);
  const two = to.constant([2], [], "int64");
  const columnsFirst = to.node("And", [
    to.node("Less", [rows.output, rows.input]),
    to.node("Less", [to.node("Mul", [two, lost(columns)]), lost(rows)]),
  ]);
  const passes = (first: "rows" | "columns") => {
    const branch = new GraphWriter(to.opset, to);
    const f = doubles(branch);
    const wide = (x: string) => asLevels(branch, f.matmul(x, alongRows));
    const high = (x: string) => asLevels(branch, f.matmul(alongColumns, x));
    const done = first === "columns" ? wide(high(images)) : high(wide(images));
    return branch.graph(`${first} first`, done, "resized", "float64", undefined);
  };
  return to.node("If", [columnsFirst], {
    then_branch: { type: "graph", value: passes("columns") },
    else_branch: { type: "graph", value: passes("rows") },
  });
}

/** Input pixel floor(o inputs / outputs), in float32 as PyTorch computes it. */
function nearestGraph(to: GraphWriter, images: string, side: Side, axis: number): string {
  const single = (name: string) => to.node("Cast", [name], { to: int(1) });
  const scale = to.node("Div", [single(side.input), single(side.output)]);
  const places = to.node("Floor", [to.node("Mul", [single(keptPixels(to, side)), scale])]);
  const last = to.node("Sub", [side.input, to.constant([1], [], "int64")]);
  const at = to.node("Min", [to.node("Cast", [places], { to: int(7) }), last]);
  return to.node("Gather", [images, at], { axis: int(axis) });
}
