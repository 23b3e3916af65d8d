/** Convolution layers. */
import { bindArguments, signature } from "../base/arguments.ts";
import { callable } from "../base/callable.ts";
import type { DType } from "../base/dtype.ts";
import { ArgumentError, didYouMean } from "../base/errors.ts";
import type { Tensor } from "../tensor/tensor.ts";
import * as F from "./functional.ts";
import { overwrite, uniformValue } from "./initial_values.ts";
import type { Size } from "./layer.ts";
import { countArgument, newParameter, pairArgument } from "./layer_parameters.ts";
import { Module } from "./module.ts";
import { py } from "./module_text.ts";
import type { ParameterTensor } from "./parameter.ts";

/** How the border outside of the picture is filled. */
export type PaddingMode = "zeros" | "reflect" | "replicate" | "circular";
const PADDING_MODES: readonly string[] = ["zeros", "reflect", "replicate", "circular"];

interface ConvolutionOptions {
  stride?: Size;
  padding?: Size | "same" | "valid";
  dilation?: Size;
  groups?: number;
  bias?: boolean;
  paddingMode?: PaddingMode;
  dtype?: DType;
}

export type Conv2dArguments =
  | [
      inChannels: number,
      outChannels: number,
      kernelSize: Size,
      stride?: Size,
      padding?: Size | "same" | "valid",
      dilation?: Size,
      groups?: number,
      bias?: boolean,
      paddingMode?: PaddingMode,
    ]
  | [inChannels: number, outChannels: number, kernelSize: Size, options?: ConvolutionOptions]
  | [inChannels: number, outChannels: number, kernelSize: Size, stride: Size, options?: ConvolutionOptions]
  | [inChannels: number, outChannels: number, options: ConvolutionOptions & { kernelSize: Size }]
  | [options: ConvolutionOptions & { inChannels: number; outChannels: number; kernelSize: Size }];

const CONV2D = signature("Conv2d", [
  "inChannels",
  "outChannels",
  "kernelSize",
  "stride?",
  "padding?",
  "dilation?",
  "groups?",
  "bias?",
  "paddingMode?",
  "dtype?",
]);

/** What `Conv2d` and `ConvTranspose2d` share. */
abstract class ConvolutionBase extends Module {
  inChannels: number;
  readonly outChannels: number;
  readonly kernelSize: [number, number];
  readonly stride: [number, number];
  readonly padding: [number, number] | "same" | "valid";
  readonly dilation: [number, number];
  readonly outputPadding: [number, number];
  readonly groups: number;
  readonly paddingMode: PaddingMode;
  declare weight: ParameterTensor;
  declare bias: ParameterTensor | null;

  constructor(of: string, args: Record<string, any>) {
    super();
    const { inChannels, outChannels, kernelSize, stride = 1, padding = 0, dilation = 1, groups = 1 } = args;
    const { outputPadding = 0, paddingMode = "zeros" } = args;
    this.inChannels = countArgument(of, "inChannels", inChannels, 0);
    this.outChannels = countArgument(of, "outChannels", outChannels);
    this.kernelSize = pairArgument(of, "kernelSize", kernelSize, 1);
    this.stride = pairArgument(of, "stride", stride, 1);
    this.padding =
      padding === "same" || padding === "valid" ? padding : pairArgument(of, "padding", padding, 0);
    this.dilation = pairArgument(of, "dilation", dilation, 1);
    this.outputPadding = pairArgument(of, "outputPadding", outputPadding, 0);
    this.groups = countArgument(of, "groups", groups);
    this.paddingMode = paddingMode;
    this.check();
  }

  protected check(): void {
    const of = this.constructor.name;
    for (const name of ["inChannels", "outChannels"] as const) {
      if (this[name] % this.groups !== 0) {
        throw new ArgumentError(
          `${of}: expected \`${name}\` to be divisible by \`groups\`, got ${this[name]} and ${this.groups}`,
        );
      }
    }
    if (!PADDING_MODES.includes(this.paddingMode)) {
      throw new ArgumentError(
        `${of}: unknown paddingMode "${this.paddingMode}"${didYouMean(this.paddingMode, PADDING_MODES)}; ` +
          `expected ${PADDING_MODES.join(", ")}`,
      );
    }
    if (this.padding === "same" && this.stride.some((s) => s !== 1)) {
      throw new ArgumentError(`${of}: padding "same" works only with stride 1; give the padding as a number`);
    }
  }

  /** Channels that one filter looks at, or for transposed convolutions writes to. */
  protected abstract channelsOfWeight(): [number, number];

  protected makeParameters(bias: boolean, dtype: DType): void {
    this.weight = newParameter([...this.channelsOfWeight(), ...this.kernelSize], dtype);
    this.bias = bias ? newParameter([this.outChannels], dtype) : null;
    this.resetParameters();
  }

  /** Draws the weights anew: U(-b, b) with b = 1 / sqrt(fan in), for weight and bias. */
  resetParameters(): void {
    const fanIn = this.channelsOfWeight()[1] * this.kernelSize[0] * this.kernelSize[1];
    const bound = fanIn > 0 ? 1 / Math.sqrt(fanIn) : 0;
    overwrite(this.weight, uniformValue(this.weight.value, -bound, bound));
    if (this.bias !== null) overwrite(this.bias, uniformValue(this.bias.value, -bound, bound));
  }

  override extraRepr(): string {
    const parts = [
      `${this.inChannels}, ${this.outChannels}`,
      `kernel_size=${py(this.kernelSize)}`,
      `stride=${py(this.stride)}`,
    ];
    const { padding } = this;
    if (typeof padding === "string" || padding.some((p) => p !== 0)) parts.push(`padding=${py(padding)}`);
    if (this.dilation.some((d) => d !== 1)) parts.push(`dilation=${py(this.dilation)}`);
    if (this.outputPadding.some((p) => p !== 0)) parts.push(`output_padding=${py(this.outputPadding)}`);
    if (this.groups !== 1) parts.push(`groups=${this.groups}`);
    if (this.bias === null) parts.push("bias=False");
    if (this.paddingMode !== "zeros") parts.push(`padding_mode=${this.paddingMode}`);
    return parts.join(", ");
  }
}

/** See {@link Conv2d}. */
export class Conv2dLayer extends ConvolutionBase {
  constructor(...args: Conv2dArguments) {
    const bound = bindArguments(CONV2D, args);
    super("Conv2d", bound);
    this.makeParameters(bound.bias ?? true, bound.dtype ?? "float32");
  }

  protected override channelsOfWeight(): [number, number] {
    return [this.outChannels, this.inChannels / this.groups];
  }

  override forward(input: Tensor): Tensor {
    const { weight, bias, stride, dilation, groups } = this;
    if (this.paddingMode === "zeros") {
      return F.conv2d(input, weight, { bias, stride, padding: this.padding, dilation, groups });
    }
    const padded = F.pad(input, this.#border(), { mode: this.paddingMode });
    return F.conv2d(padded, weight, { bias, stride, padding: 0, dilation, groups });
  }

  /** Left, right, top, bottom. */
  #border(): number[] {
    if (this.padding === "valid") return [0, 0, 0, 0];
    if (this.padding !== "same") {
      const [vertical, horizontal] = this.padding;
      return [horizontal, horizontal, vertical, vertical];
    }
    return [1, 0].flatMap((d) => {
      const total = this.dilation[d] * (this.kernelSize[d] - 1);
      return [Math.floor(total / 2), total - Math.floor(total / 2)];
    });
  }
}

/**
 * Two-dimensional convolution; see `nn.functional.conv2d`. Weight [outChannels, inChannels / groups, kh, kw].
 *
 * @param kernelSize - one number or (height, width), as `stride`, `padding` and `dilation`.
 * @param padding - border of zeros, or `"same"` to keep the picture's size.
 * @param groups - splits channels into groups that do not see each other.
 * @param paddingMode - `"zeros"`, `"reflect"`, `"replicate"` or `"circular"`.
 * @example
 * ```ts
 * nn.Conv2d(1, 96, { kernelSize: 11, stride: 4, padding: 1 })(x); // [N, 1, 224, 224] -> [N, 96, 54, 54]
 * ```
 */
export const Conv2d = callable("Conv2d", Conv2dLayer);
export type Conv2d = Conv2dLayer;

interface TransposedOptions {
  stride?: Size;
  padding?: Size;
  outputPadding?: Size;
  groups?: number;
  bias?: boolean;
  dilation?: Size;
  paddingMode?: "zeros";
  dtype?: DType;
}

export type ConvTranspose2dArguments =
  | [
      inChannels: number,
      outChannels: number,
      kernelSize: Size,
      stride?: Size,
      padding?: Size,
      outputPadding?: Size,
      groups?: number,
      bias?: boolean,
      dilation?: Size,
    ]
  | [inChannels: number, outChannels: number, kernelSize: Size, options?: TransposedOptions]
  | [inChannels: number, outChannels: number, kernelSize: Size, stride: Size, options?: TransposedOptions]
  | [inChannels: number, outChannels: number, options: TransposedOptions & { kernelSize: Size }]
  | [options: TransposedOptions & { inChannels: number; outChannels: number; kernelSize: Size }];

const TRANSPOSED = signature("ConvTranspose2d", [
  "inChannels",
  "outChannels",
  "kernelSize",
  "stride?",
  "padding?",
  "outputPadding?",
  "groups?",
  "bias?",
  "dilation?",
  "paddingMode?",
  "dtype?",
]);

/** See {@link ConvTranspose2d}. */
export class ConvTranspose2dLayer extends ConvolutionBase {
  constructor(...args: ConvTranspose2dArguments) {
    const bound = bindArguments(TRANSPOSED, args);
    if ((bound.paddingMode ?? "zeros") !== "zeros") {
      throw new ArgumentError(`ConvTranspose2d: only paddingMode "zeros" exists, got "${bound.paddingMode}"`);
    }
    super("ConvTranspose2d", bound);
    this.makeParameters(bound.bias ?? true, bound.dtype ?? "float32");
  }

  protected override channelsOfWeight(): [number, number] {
    return [this.inChannels, this.outChannels / this.groups];
  }

  override forward(input: Tensor): Tensor {
    const { weight, bias, stride, outputPadding, dilation, groups } = this;
    const padding = this.padding as [number, number];
    return F.convTranspose2d(input, weight, { bias, stride, padding, outputPadding, groups, dilation });
  }
}

/**
 * Transposed convolution: the gradient of a convolution by its input, used to make pictures larger. Weight
 * [inChannels, outChannels / groups, kh, kw].
 *
 * @param outputPadding - rows and columns added at one side of the output.
 */
export const ConvTranspose2d = callable("ConvTranspose2d", ConvTranspose2dLayer);
export type ConvTranspose2d = ConvTranspose2dLayer;
