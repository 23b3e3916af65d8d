/** Convolutions with a number of zeros of its own at each end of a side. */
import type { Tensor } from "../../../tensor.ts";
import { numericInput, optionalValue } from "../arguments.ts";
import { convolved } from "./convolution.ts";

/** How a window moves over one or two sides, with a number of zeros of its own at either end. */
export interface UnevenGeometry {
  readonly stride: readonly number[];
  /** For each side the zeros before and behind it. */
  readonly zeros: readonly (readonly [before: number, behind: number])[];
  readonly dilation: readonly number[];
  readonly groups: number;
}

/** `conv2d`, or `conv1d` for one side, as TensorFlow and ONNX know it: PyTorch pads both ends alike. */
export function unevenConv(
  input: Tensor,
  weight: Tensor,
  bias: Tensor | null,
  { stride, zeros, dilation, groups }: UnevenGeometry,
): Tensor {
  const of = `conv${zeros.length}d`;
  const flat = zeros.length === 1;
  const operands = [numericInput(of, input), numericInput(of, weight, "weight")] as const;
  return convolved(of, [...operands, optionalValue(of, bias, "bias")], {
    stride: flat ? [1, ...stride] : stride,
    padding: [...(flat ? [0] : []), ...zeros.map(([before]) => before)],
    extra: [...(flat ? [0] : []), ...zeros.map(([before, behind]) => behind - before)],
    dilation: flat ? [1, ...dilation] : dilation,
    groups,
  });
}
