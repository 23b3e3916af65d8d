/** What convolution layers share: settings, parameters, printed form. */
import type { DType } from "../../base/dtype.ts";
import { ArgumentError, didYouMean } from "../../base/errors.ts";
import { overwrite, uniformValue } from "../init/initial_values.ts";
import type { Size } from "../module/layer.ts";
import { countArgument, newParameter, sizesArgument } from "../module/layer_parameters.ts";
import { Module } from "../module/module.ts";
import { py } from "../module/module_text.ts";
import type { ParameterTensor } from "../module/parameter.ts";

/** How the border outside of the picture is filled. */
export type PaddingMode = "zeros" | "reflect" | "replicate" | "circular";
const PADDING_MODES: readonly string[] = ["zeros", "reflect", "replicate", "circular"];

export interface ConvolutionOptions {
  stride?: Size;
  padding?: Size | "same" | "valid";
  dilation?: Size;
  groups?: number;
  bias?: boolean;
  paddingMode?: PaddingMode;
  dtype?: DType;
}

export type ConvolutionArguments =
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

/** The signature's part behind `inChannels`. */
export const CONVOLUTION_PARAMETERS: readonly string[] = [
  "outChannels",
  "kernelSize",
  "stride?",
  "padding?",
  "dilation?",
  "groups?",
  "bias?",
  "paddingMode?",
  "dtype?",
];

export interface TransposedOptions {
  stride?: Size;
  padding?: Size;
  outputPadding?: Size;
  groups?: number;
  bias?: boolean;
  dilation?: Size;
  paddingMode?: "zeros";
  dtype?: DType;
}

export type TransposedArguments =
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

/** The signature's part behind `inChannels`. */
export const TRANSPOSED_PARAMETERS: readonly string[] = [
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
];

export abstract class ConvolutionBase extends Module {
  inChannels: number;
  readonly outChannels: number;
  readonly kernelSize: number[];
  readonly stride: number[];
  readonly padding: number[] | "same" | "valid";
  readonly dilation: number[];
  readonly outputPadding: number[];
  readonly groups: number;
  readonly paddingMode: PaddingMode;
  declare weight: ParameterTensor;
  declare bias: ParameterTensor | null;

  /** @param spatial - dimensions that the window moves along. */
  constructor(of: string, spatial: number, args: Record<string, any>) {
    super();
    const { inChannels, outChannels, kernelSize, stride = 1, padding = 0, dilation = 1, groups = 1 } = args;
    const { outputPadding = 0, paddingMode = "zeros" } = args;
    this.inChannels = countArgument(of, "inChannels", inChannels, 0);
    this.outChannels = countArgument(of, "outChannels", outChannels);
    this.kernelSize = sizesArgument(of, "kernelSize", kernelSize, spatial, 1);
    this.stride = sizesArgument(of, "stride", stride, spatial, 1);
    const named = padding === "same" || padding === "valid";
    this.padding = named ? padding : sizesArgument(of, "padding", padding, spatial, 0);
    this.dilation = sizesArgument(of, "dilation", dilation, spatial, 1);
    this.outputPadding = sizesArgument(of, "outputPadding", outputPadding, spatial, 0);
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

  /** First two dimensions of the weight; the second one is what a filter's fan in counts. */
  protected abstract channelsOfWeight(): [number, number];

  protected makeParameters(bias: boolean, dtype: DType): void {
    this.weight = newParameter([...this.channelsOfWeight(), ...this.kernelSize], dtype);
    this.bias = bias ? newParameter([this.outChannels], dtype) : null;
    this.resetParameters();
  }

  /** Draws the weights anew: U(-b, b) with b = 1 / sqrt(fan in), for weight and bias. */
  resetParameters(): void {
    const fanIn = this.kernelSize.reduce((a, b) => a * b, this.channelsOfWeight()[1]);
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
