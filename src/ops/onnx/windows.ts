/** Convolutions, pooling and interpolation in ONNX. */
import type { ConvolutionGeometry } from "../nn/convolution.ts";
import type { ResampleRule } from "../nn/interpolation.ts";
import type { AveragePoolGeometry, MaxPoolGeometry } from "../nn/pooling.ts";
import {
  attribute,
  converted,
  fixed,
  float,
  int,
  integers,
  ints,
  NotExpressible,
  type OnnxCall,
  type OnnxOperand,
  type OnnxRule,
  type OnnxSettings,
  scalar,
  text,
} from "./conversion.ts";

/** Height and width. */
function plane(operand: Pick<OnnxOperand, "shape">): [number, number] {
  const [, , height, width] = operand.shape;
  return [fixed(height, "the height"), fixed(width, "the width")];
}

/** Operands in the dtype of the result; beside 16-bit images weights may be wider. */
const alike = (call: OnnxCall): string[] =>
  call.inputs.map((input) => converted(call, input, call.outputs[0].dtype));

function convolution(call: OnnxCall): OnnxSettings {
  const { padding, extra = [0, 0] } = call.attributes as unknown as ConvolutionGeometry;
  return {
    kernel_shape: ints(plane(call.inputs[1])),
    strides: ints(attribute<number[]>(call, "stride")),
    pads: ints([...padding, ...padding.map((zeros, d) => zeros + extra[d])]),
    dilations: ints(attribute<number[]>(call, "dilation")),
    group: int(attribute<number>(call, "groups")),
  };
}

/** A transposed convolution; what its strides leave open is said by the shape of its result. */
function transposedConvolution(call: OnnxCall): string {
  const [height, width] = plane(call.outputs[0]);
  const kernel = plane(call.inputs[1]);
  const input = plane(call.inputs[0]);
  const geometry = call.attributes as unknown as ConvolutionGeometry;
  const { stride, padding, extra = [0, 0], dilation } = geometry;
  const whole = input.map((size, d) => (size - 1) * stride[d] + dilation[d] * (kernel[d] - 1) + 1);
  const outputPadding = [height, width].map((size, d) => size - whole[d] + 2 * padding[d] + extra[d]);
  return call.to.node("ConvTranspose", alike(call), {
    ...convolution(call),
    output_padding: ints(outputPadding),
  });
}

/** How far the last window hangs over the padded image: in `ceilMode` ONNX' run-times differ, padding says it. */
function overhang(
  call: OnnxCall,
  kernel: readonly number[],
  stride: readonly number[],
  padding: readonly number[],
  dilation: readonly number[] = [1, 1],
): number[] {
  const input = plane(call.inputs[0]);
  return plane(call.outputs[0]).map((places, d) => {
    const reached = (places - 1) * stride[d] + dilation[d] * (kernel[d] - 1) + 1;
    return Math.max(0, reached - input[d] - 2 * padding[d]);
  });
}

function maxPool(call: OnnxCall): string[] {
  refusePositions(call);
  const { kernelSize, stride, padding, dilation } = call.attributes as unknown as MaxPoolGeometry;
  const over = overhang(call, kernelSize, stride, padding, dilation);
  const name = call.to.node("MaxPool", [call.inputs[0].name], {
    kernel_shape: ints(kernelSize),
    strides: ints(stride),
    pads: ints([...padding, ...padding.map((size, d) => size + over[d])]),
    dilations: ints(dilation),
  });
  return [name, ""];
}

function refusePositions({ outputs }: OnnxCall): void {
  if (outputs[1].isUsed)
    throw new NotExpressible("the positions of the largest elements are used; unpool by interpolate instead");
}

function averagePool(call: OnnxCall): string {
  const { kernelSize, stride, padding, countIncludePad, divisorOverride } =
    call.attributes as unknown as AveragePoolGeometry;
  const over = overhang(call, kernelSize, stride, padding);
  const [x] = call.inputs;
  const window = { kernel_shape: ints(kernelSize), strides: ints(stride) };
  const ends = padding.map((size, d) => size + over[d]);
  if (divisorOverride !== null) {
    const padded = zeroPadded(call, padding, ends);
    const factor = (kernelSize[0] * kernelSize[1]) / divisorOverride;
    const mean = call.to.node("AveragePool", [padded], window);
    return call.to.node("Mul", [mean, scalar(call, factor, x.dtype)]);
  }
  // What hangs over the padded image never counts, so that padding which does must become part of the image.
  const asImage = countIncludePad && over.some((size) => size > 0) && padding.some((size) => size > 0);
  const name = asImage ? zeroPadded(call, padding, padding) : x.name;
  const pads = asImage ? [0, 0, ...over] : [...padding, ...ends];
  const counts = countIncludePad && over.every((size) => size === 0);
  return call.to.node("AveragePool", [name], {
    ...window,
    pads: ints(pads),
    count_include_pad: int(counts),
  });
}

function zeroPadded(call: OnnxCall, starts: readonly number[], ends: readonly number[]): string {
  const [x] = call.inputs;
  const pads = integers(call, [0, 0, ...starts, 0, 0, ...ends]);
  return call.to.node("Pad", [x.name, pads, scalar(call, 0, x.dtype)], { mode: text("constant") });
}

/** Equal cells are windows; the mean over others is a product with their shares along either side. */
function adaptiveAveragePool(call: OnnxCall): string {
  const [x] = call.inputs;
  const input = plane(x);
  const output = plane(call.outputs[0]);
  if (output.every((cells) => cells === 1)) return call.to.node("GlobalAveragePool", [x.name]);
  if (output.every((cells, d) => input[d] % cells === 0))
    return call.to.node("AveragePool", [x.name], windowsOf(input, output));
  const [rows, columns] = output.map((cells, d) => {
    const shares = cellShares(input[d], cells);
    return d === 0 ? { values: shares, shape: [cells, input[d]] } : transposed(shares, cells, input[d]);
  });
  const left = call.to.constant(rows.values, rows.shape, x.dtype);
  const right = call.to.constant(columns.values, columns.shape, x.dtype);
  return call.to.node("MatMul", [call.to.node("MatMul", [left, x.name]), right]);
}

const windowsOf = (input: readonly number[], output: readonly number[]): OnnxSettings => {
  const size = ints(output.map((cells, d) => input[d] / cells));
  return { kernel_shape: size, strides: size };
};

/** The share that each of `size` pixels has in each of `cells`, a row for each cell. */
function cellShares(size: number, cells: number): number[] {
  return Array.from({ length: cells }, (_, cell) => {
    const start = Math.floor((cell * size) / cells);
    const end = Math.ceil(((cell + 1) * size) / cells);
    return Array.from({ length: size }, (_, i) => (i >= start && i < end ? 1 / (end - start) : 0));
  }).flat();
}

function transposed(values: readonly number[], rows: number, columns: number) {
  const at = Array.from({ length: rows * columns }, (_, i) => (i % rows) * columns + Math.floor(i / rows));
  return { values: at.map((i) => values[i]), shape: [columns, rows] };
}

function adaptiveMaxPool(call: OnnxCall): string[] {
  refusePositions(call);
  const input = plane(call.inputs[0]);
  const output = plane(call.outputs[0]);
  if (output.some((cells, d) => input[d] % cells !== 0))
    throw new NotExpressible(
      `cells of an image of ${input.join(" x ")} in a grid of ${output.join(" x ")} differ in size; give the network images ` +
        "whose sides the grid divides",
    );
  return [call.to.node("MaxPool", [call.inputs[0].name], windowsOf(input, output)), ""];
}

const MODES = { nearest: "nearest", "nearest-exact": "nearest", linear: "linear", cubic: "cubic" } as const;

function resample(call: OnnxCall): string {
  const [x] = call.inputs;
  const { kind, alignCorners, antialias, axes } = call.attributes as unknown as ResampleRule;
  const settings: OnnxSettings = {
    mode: text(MODES[kind]),
    coordinate_transformation_mode: text(
      alignCorners ? "align_corners" : kind === "nearest" ? "asymmetric" : "half_pixel",
    ),
    ...(MODES[kind] === "nearest" && {
      nearest_mode: text(kind === "nearest" ? "floor" : "round_prefer_ceil"),
    }),
    ...(kind === "cubic" && { cubic_coeff_a: float(antialias ? -0.5 : -0.75) }),
  };
  if (antialias && call.to.opset < 18)
    throw new NotExpressible("antialiasing needs opset 18; interpolate with `antialias: false`");
  const own = antialias ? { ...settings, antialias: int(1), exclude_outside: int(1) } : settings;
  const size = (d: number) => fixed(x.shape[d + 2], "the size of the image");
  const isByRatio = axes.every((axis, d) => alignCorners || axis.scale === size(d) / axis.size);
  if (isByRatio) return call.to.node("Resize", [x.name, "", "", call.to.shape(call.outputs[0].shape)], own);
  const scales = call.to.constant(
    [1, 1, ...axes.map(({ scale }) => 1 / scale)],
    [axes.length + 2],
    "float32",
  );
  return call.to.node("Resize", [x.name, "", scales], own);
}

/** Gemm for matrices, MatMul for batches of them. */
function matmul(call: OnnxCall): string {
  const [a, b, bias] = alike(call);
  const [transposeA, transposeB] = ["transposeA", "transposeB"].map((name) => attribute<boolean>(call, name));
  if (call.inputs[0].shape.length === 2) {
    const inputs = bias === undefined ? [a, b] : [a, b, bias];
    return call.to.node("Gemm", inputs, { transA: int(transposeA), transB: int(transposeB) });
  }
  const turned = (name: string, turns: boolean) =>
    turns ? call.to.node("Transpose", [name], { perm: ints([0, 2, 1]) }) : name;
  const product = call.to.node("MatMul", [turned(a, transposeA), turned(b, transposeB)]);
  return bias === undefined ? product : call.to.node("Add", [product, bias]);
}

const positions = { cannot: "ONNX cannot pick by positions in an image; upsample by interpolate instead" };

export const WINDOWS = {
  matmul,
  conv2d: (call) => call.to.node("Conv", alike(call), convolution(call)),
  conv2dInputGradient: transposedConvolution,
  maxPool2d: maxPool,
  avgPool2d: averagePool,
  adaptiveAvgPool2d: adaptiveAveragePool,
  adaptiveMaxPool2d: adaptiveMaxPool,
  gatherPlane: positions,
  scatterPlane: positions,
  resample,
  unfold: { cannot: "ONNX has no im2col; use a convolution" },
  fold: { cannot: "ONNX 17 has no col2im; use a transposed convolution" },
} satisfies Record<string, OnnxRule>;
